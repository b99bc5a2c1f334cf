#include "tapehead/data/files.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/core/error.h"
#include "tapehead/data/gzip.h"
#include "tapehead/data/text.h"

namespace tapehead::data {

std::string read_bytes(const std::string& path, int64_t max_bytes) {
  std::string bytes = read_file(path, max_bytes);
  return is_gzip(bytes) ? gunzip(bytes, path, max_bytes) : bytes;
}

std::string read_text(const std::string& path, int64_t max_bytes) {
  std::string text = read_bytes(path, max_bytes);
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    throw FormatError(
        fmt::format("{0}: UTF-16, not UTF-8; convert it: iconv -f UTF-16 -t UTF-8 {0}", path));
  }
  const int64_t bad = find_invalid_utf8(text);
  if (bad >= 0) {
    const auto line = 1 + std::count(text.begin(), text.begin() + bad, '\n');
    throw FormatError(fmt::format("{}:{}: not UTF-8: byte {:#04x} at offset {}", path, line,
                                  static_cast<unsigned char>(text[static_cast<size_t>(bad)]), bad));
  }
  if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);
  if (text.empty()) throw FormatError(fmt::format("{}: the file is empty", path));
  return text;
}

std::vector<std::string> read_lines(const std::string& path, int64_t max_bytes) {
  return split_lines(read_text(path, max_bytes));
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (end != std::string_view::npos && line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

void write_lines(const std::string& path, const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text.append(line).push_back('\n');
  write_atomic(path, text);
}

}  // namespace tapehead::data

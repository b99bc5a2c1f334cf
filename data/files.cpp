#include "tapehead/data/files.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/core/detail/input_file.h"
#include "tapehead/core/error.h"
#include "tapehead/data/gzip.h"
#include "tapehead/data/text.h"

namespace tapehead::data {

std::string read_bytes(const std::string& path, const FileLimits& limits) {
  std::string bytes = read_file(path, limits.bytes);
  return is_gzip(bytes) ? gunzip(bytes, path, limits) : bytes;
}

std::string read_text(const std::string& path, const FileLimits& limits) {
  std::string text = read_bytes(path, limits);
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

std::string find_data_file(const std::string& path) {
  for (const std::string& name : {path, path + ".gz"})
    if (path_exists(name)) return name;
  return "";
}

std::string data_file(const std::string& path) {
  const std::string found = find_data_file(path);
  if (found.empty()) throw IoError(fmt::format("{}: no such file, with or without .gz", path));
  return found;
}

std::vector<std::string> read_lines(const std::string& path, const FileLimits& limits) {
  const std::string text = read_text(path, limits);
  if (std::count(text.begin(), text.end(), '\n') > limits.lines)
    throw IoError(fmt::format(
        "{}: it has more than {} lines; pass FileLimits with more lines for a file that you trust",
        path, limits.lines));
  return core::reading(path, [&] { return split_lines(text); });
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

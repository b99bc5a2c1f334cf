#include "tapehead/data/detail/token_file.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>

#include "tapehead/core/error.h"
#include "tapehead/core/parse_number.h"
#include "tapehead/data/text.h"

namespace tapehead::data {
namespace {

constexpr char32_t kVisibleSpace = U'\u2581';

/// Control, unassigned and private characters, separators, and the characters that escapes use.
bool needs_escape(char32_t c) {
  return c == U'\\' || c == kVisibleSpace || is_space(c) ||
         utf8proc_category(static_cast<utf8proc_int32_t>(c)) >= UTF8PROC_CATEGORY_ZS ||
         utf8proc_category(static_cast<utf8proc_int32_t>(c)) == UTF8PROC_CATEGORY_CN;
}

}  // namespace

std::string escape_token(std::string_view token) {
  std::string out;
  for (const char32_t c : code_points(token)) {
    if (c == U' ') {
      out += to_utf8(std::u32string_view(&kVisibleSpace, 1));
    } else if (needs_escape(c)) {
      out += fmt::format("\\u{{{:x}}}", static_cast<uint32_t>(c));
    } else {
      out += to_utf8(std::u32string_view(&c, 1));
    }
  }
  return out;
}

TokenFile::TokenFile(std::string_view text, const std::string& name, std::string_view title)
    : rest_(text), name_(name) {
  const std::string expected = fmt::format("the first line must read '{}'", title);
  if (line(expected) != title) fail(expected);
}

int64_t TokenFile::number(std::string_view key, int64_t most) {
  const std::string expected = fmt::format("'{} NUMBER' expected", key);
  const std::string_view text = line(expected);
  if (!text.starts_with(key) || !text.substr(key.size()).starts_with(' ')) fail(expected);
  const int64_t value = parse_number<int64_t>(text.substr(key.size() + 1)).value_or(-1);
  if (value < 0 || value > most) fail(fmt::format("{} must be a number within 0..{}", key, most));
  return value;
}

std::vector<std::string> TokenFile::tokens(int64_t count) {
  const std::string expected = fmt::format("{} token{} expected", count, count == 1 ? "" : "s");
  std::string_view rest = line(expected);
  std::vector<std::string> out;
  while (true) {
    const size_t space = rest.find(' ');
    if (rest.substr(0, space).empty()) fail(expected);
    out.push_back(unescape(rest.substr(0, space)));
    if (space == std::string_view::npos) break;
    rest.remove_prefix(space + 1);
  }
  if (static_cast<int64_t>(out.size()) != count) fail(expected);
  return out;
}

void TokenFile::end() {
  if (rest_.empty()) return;
  ++number_;
  fail("the file should end here");
}

void TokenFile::fail(const std::string& fact) const {
  throw FormatError(fmt::format("{}:{}: {}", name_, number_, fact));
}

std::string_view TokenFile::line(const std::string& expected) {
  ++number_;
  if (rest_.empty()) fail(fmt::format("the file ends early: {}", expected));
  const size_t end = std::min(rest_.find('\n'), rest_.size());
  std::string_view line = rest_.substr(0, end);
  if (end < rest_.size() && line.ends_with('\r')) line.remove_suffix(1);
  rest_.remove_prefix(std::min(end + 1, rest_.size()));
  return line;
}

std::string TokenFile::unescape(std::string_view word) const {
  if (find_invalid_utf8(word) >= 0) fail("not UTF-8");
  std::u32string out;
  const std::u32string text = code_points(word);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != U'\\') {
      out += text[i] == kVisibleSpace ? U' ' : text[i];
      continue;
    }
    const size_t close = text.find(U'}', i);
    const std::u32string_view escape = std::u32string_view(text).substr(i, close - i);
    const int64_t value = escape.starts_with(U"\\u{") && close != std::u32string::npos
                              ? parse_number<int64_t>(to_utf8(escape.substr(3)), 16).value_or(-1)
                              : -1;
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (value < 0 || value > 0x10FFFF || surrogate) {
      fail(fmt::format("'{}' contains a backslash that does not begin \\u{{HEX}}", word));
    }
    out += static_cast<char32_t>(value);
    i = close;
  }
  return to_utf8(out);
}

}  // namespace tapehead::data

#include "tapehead/train/detail/display.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <cmath>

#include "tapehead/core/detail/nan.h"

namespace tapehead::train {

namespace {

constexpr int32_t kReplacement = 0xFFFD;

bool is_printable(int32_t c) {
  const bool control = c < 0x20 || (c >= 0x7F && c < 0xA0);
  const bool separator = c == 0x2028 || c == 0x2029;
  const bool noncharacter = (c & 0xFFFE) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF);
  return !control && !separator && !noncharacter;
}

}  // namespace

int32_t next_codepoint(std::string_view& text) {
  utf8proc_int32_t codepoint = kReplacement;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto read = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size()), &codepoint);
  text.remove_prefix(read > 0 ? static_cast<size_t>(read) : 1);
  return read > 0 ? codepoint : kReplacement;
}

void append_codepoint(std::string& to, int32_t codepoint) {
  utf8proc_uint8_t bytes[4];
  const auto size = utf8proc_encode_char(codepoint, bytes);
  to.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
}

std::string valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) append_codepoint(out, next_codepoint(text));
  return out;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const int32_t c = next_codepoint(text);
    append_codepoint(out, is_printable(c) ? c : kReplacement);
  }
  return out;
}

int64_t display_width(std::string_view text) {
  int64_t width = 0;
  while (!text.empty()) width += utf8proc_charwidth(next_codepoint(text));
  return width;
}

std::string clip(std::string_view text, int64_t width) {
  if (width <= 0) return "";
  if (display_width(text) <= width) return std::string(text);
  std::string out;
  int64_t used = 1;  // the ellipsis
  while (!text.empty()) {
    const int32_t c = next_codepoint(text);
    used += utf8proc_charwidth(c);
    if (used > width) break;
    append_codepoint(out, c);
  }
  return out + "…";
}

std::string short_number(double value) {
  const double size = std::abs(value);
  if (size >= 999.95 && size < 1e7) return fmt::format("{:.0f}", value);
  if (size == 0 || !std::isfinite(value)) return fmt::format("{}", core::shown(value));
  return fmt::format("{:#.4g}", value);
}

std::string grouped(int64_t value) {
  std::string digits = fmt::format("{}", value);
  const size_t first = value < 0 ? 1 : 0;
  for (size_t at = digits.size(); at > first + 3;) digits.insert(at -= 3, 1, ',');
  return digits;
}

}  // namespace tapehead::train

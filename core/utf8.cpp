#include "tapehead/core/detail/utf8.h"

#include <fmt/format.h>

namespace tapehead::core {
namespace {

// The length of the first character, or 0 if it is not well-formed (table 3-7 of the Unicode
// standard).
size_t character_size(std::string_view text) {
  const auto byte = [&](size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const auto within = [&](size_t i, int low, int high) {
    return byte(i) >= low && byte(i) <= high;
  };
  const auto continues = [&](size_t i) { return within(i, 0x80, 0xBF); };
  const int lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool second = within(1, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF);
    return second && continues(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool second = within(1, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF);
    return second && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

int64_t find_invalid_utf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t size = character_size(text.substr(at));
    if (size == 0) return static_cast<int64_t>(at);
    at += size;
  }
  return -1;
}

std::string fault_of_name(std::string_view name) {
  if (const int64_t bad = find_invalid_utf8(name); bad >= 0)
    return fmt::format("is not UTF-8 at byte {}", bad);
  return name.find('\0') == std::string_view::npos ? "" : "contains a NUL";
}

}  // namespace tapehead::core

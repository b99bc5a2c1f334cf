#include "tapehead/data/text.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <cstdlib>
#include <memory>

#include "tapehead/core/detail/utf8.h"
#include "tapehead/core/error.h"

namespace tapehead::data {
namespace {

void append(std::string& out, char32_t c) {
  utf8proc_uint8_t bytes[4];
  const auto size = utf8proc_encode_char(static_cast<utf8proc_int32_t>(c), bytes);
  out.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
}

/// Reads the code point at the front; returns its length in bytes, or a negative number.
utf8proc_ssize_t decode(std::string_view text, utf8proc_int32_t* c) {
  return utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                          static_cast<utf8proc_ssize_t>(text.size()), c);
}

bool in(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

/// The Unicode property Cased, except characters that are also case-ignorable, which are skipped
/// before.
bool is_cased(char32_t c) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT: return true;
    default:  // ª º, Roman numerals, circled and squared letters
      return c == 0xAA || c == 0xBA || in(c, 0x2160, 0x217F) || in(c, 0x24B6, 0x24E9) ||
             in(c, 0x1F130, 0x1F149) || in(c, 0x1F150, 0x1F169) || in(c, 0x1F170, 0x1F189);
  }
}

/// The Unicode property Case_Ignorable.
bool is_case_ignorable(char32_t c) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK: return true;
    default:  // word break's MidLetter, MidNumLet and Single_Quote: apostrophes, points, colons
      return std::u32string_view(
                 U"'.:\u00B7\u0387\u055F\u05F4\u2018\u2019\u2024\u2027\uFE13\uFE52\uFE55\uFF07"
                 U"\uFF0E\uFF1A")
                 .find(c) != std::u32string_view::npos;
  }
}

/// The condition Final_Sigma of SpecialCasing: a cased letter before, none after.
bool ends_word(const std::u32string& text, size_t at) {
  size_t before = at;
  while (before > 0 && is_case_ignorable(text[before - 1])) --before;
  if (before == 0 || !is_cased(text[before - 1])) return false;
  size_t after = at + 1;
  while (after < text.size() && is_case_ignorable(text[after])) ++after;
  return after == text.size() || !is_cased(text[after]);
}

}  // namespace

int64_t find_invalid_utf8(std::string_view text) { return core::find_invalid_utf8(text); }

std::u32string code_points(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  size_t at = 0;
  while (at < text.size()) {
    utf8proc_int32_t c = 0;
    const utf8proc_ssize_t size = decode(text.substr(at), &c);
    if (size <= 0) {
      throw FormatError(fmt::format("text: not UTF-8: byte {:#04x} at offset {}",
                                    static_cast<unsigned char>(text[at]), at));
    }
    out.push_back(static_cast<char32_t>(c));
    at += static_cast<size_t>(size);
  }
  return out;
}

std::string to_utf8(std::u32string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char32_t c : text) {
    if (c > 0x10FFFF || in(c, 0xD800, 0xDFFF)) {
      throw FormatError(
          fmt::format("to_utf8: {:#x} is no code point of Unicode", static_cast<uint32_t>(c)));
    }
    append(out, c);
  }
  return out;
}

std::vector<std::string> characters(std::string_view text) {
  std::vector<std::string> out;
  for (const char32_t c : code_points(text)) append(out.emplace_back(), c);
  return out;
}

std::string lower(std::string_view text) {
  const std::u32string points = code_points(text);
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < points.size(); ++i) {
    const char32_t c = points[i];
    if (c == U'\u0130') {
      out += "i\u0307";
    } else if (c == U'\u03A3') {
      append(out, ends_word(points, i) ? U'\u03C2' : U'\u03C3');
    } else {
      append(out, static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))));
    }
  }
  return out;
}

std::string normalize(std::string_view text, NormalForm form) {
  if (const int64_t bad = find_invalid_utf8(text); bad >= 0) code_points(text);  // throws
  int options = UTF8PROC_STABLE;
  const bool composes = form == NormalForm::kNfc || form == NormalForm::kNfkc;
  const bool compatible = form == NormalForm::kNfkc || form == NormalForm::kNfkd;
  options |= composes ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE;
  if (compatible) options |= UTF8PROC_COMPAT;
  utf8proc_uint8_t* mapped = nullptr;
  const utf8proc_ssize_t size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                             static_cast<utf8proc_ssize_t>(text.size()), &mapped,
                                             static_cast<utf8proc_option_t>(options));
  const std::unique_ptr<utf8proc_uint8_t, void (*)(void*)> owner(mapped, &std::free);
  if (size < 0)  // the text is valid: nothing else can fail
    throw OutOfMemoryError(
        fmt::format("normalize: cannot allocate memory for a text of {} bytes", text.size()));
  return std::string(reinterpret_cast<const char*>(mapped), static_cast<size_t>(size));
}

std::vector<std::string_view> split_string(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t end = 0; (end = text.find(separator)) != text.npos; text.remove_prefix(end + 1))
    parts.push_back(text.substr(0, end));
  parts.push_back(text);
  return parts;
}

bool is_space(char32_t c) {
  return in(c, 0x09, 0x0D) || in(c, 0x1C, 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         in(c, 0x2000, 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

}  // namespace tapehead::data

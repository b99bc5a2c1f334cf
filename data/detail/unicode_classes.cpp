#include "tapehead/data/detail/unicode_classes.h"

#include <utf8proc.h>

#include <algorithm>

#include "tapehead/data/detail/unicode_tables.h"

namespace tapehead::data::unicode {
namespace {

bool listed(char32_t c, std::span<const Range> ranges) {
  const auto after = std::upper_bound(ranges.begin(), ranges.end(), c,
                                      [](char32_t at, const Range& r) { return at < r.first; });
  return after != ranges.begin() && c <= std::prev(after)->last;
}

bool mended(bool member, char32_t c, const Difference& difference) {
  if (c < 0x80) return member;
  return member ? !listed(c, difference.removed) : listed(c, difference.added);
}

int category(char32_t c) { return utf8proc_category(static_cast<utf8proc_int32_t>(c)); }

bool in(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

bool within(char32_t c, int first, int last) {
  const int of_c = category(c);
  return of_c >= first && of_c <= last;
}

}  // namespace

bool is_letter(char32_t c) {
  if (c < 0x80) return in(c | 0x20, U'a', U'z');
  return mended(within(c, UTF8PROC_CATEGORY_LU, UTF8PROC_CATEGORY_LO), c, kLetters);
}

bool is_number(char32_t c) {
  if (c < 0x80) return in(c, U'0', U'9');
  return mended(within(c, UTF8PROC_CATEGORY_ND, UTF8PROC_CATEGORY_NO), c, kNumbers);
}

bool is_mark(char32_t c) {
  return mended(within(c, UTF8PROC_CATEGORY_MN, UTF8PROC_CATEGORY_ME), c, kMarks);
}

bool is_capital(char32_t c) {
  return mended(category(c) == UTF8PROC_CATEGORY_LU || category(c) == UTF8PROC_CATEGORY_LT, c,
                kCapitals);
}

bool is_small(char32_t c) { return mended(category(c) == UTF8PROC_CATEGORY_LL, c, kSmall); }

bool is_digit(char32_t c) {
  return mended(within(c, UTF8PROC_CATEGORY_ND, UTF8PROC_CATEGORY_NO), c, kDigits);
}

bool is_white_space(char32_t c) { return is_space(c) && !in(c, 0x1C, 0x1F); }

bool is_word(char32_t c) {
  const int of_c = category(c);
  const bool member = (of_c >= UTF8PROC_CATEGORY_LU && of_c <= UTF8PROC_CATEGORY_NL) ||
                      of_c == UTF8PROC_CATEGORY_PC || c == 0x200C || c == 0x200D ||
                      in(c, 0x24B6, 0x24E9) || in(c, 0x1F130, 0x1F149) || in(c, 0x1F150, 0x1F169) ||
                      in(c, 0x1F170, 0x1F189);
  return mended(member, c, kWordCharacters);
}

bool is_punctuation(char32_t c) {
  if (c < 0x80) return in(c, 0x21, 0x7E) && !is_letter(c) && !is_number(c);
  return mended(within(c, UTF8PROC_CATEGORY_PC, UTF8PROC_CATEGORY_PO), c, kPunctuation);
}

bool is_control(char32_t c) {
  const int of_c = category(c);
  const bool member = of_c == UTF8PROC_CATEGORY_CC || of_c == UTF8PROC_CATEGORY_CF ||
                      of_c == UTF8PROC_CATEGORY_CO || c == 0xFFFD;
  return mended(member && c != U'\t' && c != U'\n' && c != U'\r', c, kControl);
}

bool is_cjk(char32_t c) {
  return in(c, 0x3400, 0x4DBF) || in(c, 0x4E00, 0x9FFF) || in(c, 0xF900, 0xFAFF) ||
         in(c, 0x20000, 0x2A6DF) || in(c, 0x2A700, 0x2B81F) || in(c, 0x2B920, 0x2CEAF) ||
         in(c, 0x2F800, 0x2FA1F);
}

bool is_nonspacing_mark(char32_t c) {
  return mended(category(c) == UTF8PROC_CATEGORY_MN, c, kNonspacing);
}

bool is_combining_mark(char32_t c) {
  return mended(within(c, UTF8PROC_CATEGORY_MN, UTF8PROC_CATEGORY_ME), c, kCombining);
}

std::u32string lower_each(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t c : text) {
    if (c == U'\u0130') {
      out += U"i\u0307";
      continue;
    }
    const auto listed_at =
        std::lower_bound(kLowerCases.begin(), kLowerCases.end(), c,
                         [](const LowerCase& entry, char32_t at) { return entry.upper < at; });
    const bool found = listed_at != kLowerCases.end() && listed_at->upper == c;
    out += found ? listed_at->lower
                 : static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
  }
  return out;
}

std::string normal_form(std::string_view text, NormalForm form) {
  const auto ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), ascii)) return std::string(text);
  // A character that is not in the tables is a starter that neither decomposes nor composes, so the
  // text on both sides can be normalized separately.
  const std::u32string points = code_points(text);
  std::string out;
  size_t begin = 0;
  for (size_t i = 0; i <= points.size(); ++i) {
    if (i < points.size() && !listed(points[i], kForeign.added)) continue;
    out += normalize(to_utf8(std::u32string_view(points).substr(begin, i - begin)), form);
    if (i < points.size()) out += to_utf8(std::u32string_view(&points[i], 1));
    begin = i + 1;
  }
  return out;
}

}  // namespace tapehead::data::unicode

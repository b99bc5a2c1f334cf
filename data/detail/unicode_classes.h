// Character classes, case and normal forms as in the tokenizers package: utf8proc's, corrected
// where the Unicode versions differ (unicode_tables.h).
#pragma once

#include <string>
#include <string_view>

#include "tapehead/data/text.h"

namespace tapehead::data::unicode {

bool is_letter(char32_t c);           ///< \p{L}
bool is_number(char32_t c);           ///< \p{N}
bool is_mark(char32_t c);             ///< \p{M}
bool is_capital(char32_t c);          ///< \p{Lu} or \p{Lt}
bool is_small(char32_t c);            ///< \p{Ll}
bool is_white_space(char32_t c);      ///< \s: White_Space, without the separators U+001C to U+001F
bool is_word(char32_t c);             ///< \w
bool is_digit(char32_t c);            ///< for the pre-tokenizer Digits
bool is_punctuation(char32_t c);      ///< for BERT: includes all ASCII symbols
bool is_control(char32_t c);          ///< removed by BERT's cleaning, except tabs and line ends
bool is_cjk(char32_t c);              ///< surrounded by spaces in BERT
bool is_nonspacing_mark(char32_t c);  ///< the accents removed by BERT
bool is_combining_mark(char32_t c);   ///< the accents removed by StripAccents

/// Lower case of each character separately, without final sigma.
std::u32string lower_each(std::u32string_view text);
/// A normal form of the text, by the tables of the package.
std::string normal_form(std::string_view text, NormalForm form);

}  // namespace tapehead::data::unicode

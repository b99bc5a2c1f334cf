// Classes of characters, case and normal forms as the tokenizers package has them: utf8proc's,
// mended where the Unicode versions differ (unicode_tables.h).
#pragma once

#include <string>
#include <string_view>

#include "tapehead/data/text.h"

namespace tapehead::data::unicode {

bool is_letter(char32_t c);       ///< \p{L}
bool is_number(char32_t c);       ///< \p{N}
bool is_mark(char32_t c);         ///< \p{M}
bool is_capital(char32_t c);      ///< \p{Lu} or \p{Lt}
bool is_small(char32_t c);        ///< \p{Ll}
bool is_white_space(char32_t c);  ///< \s: White_Space, without the separators U+001C to U+001F
bool is_word(char32_t c);         ///< \w
bool is_digit(char32_t c);        ///< what the pre-tokenizer Digits cuts out
bool is_punctuation(char32_t c);  ///< for BERT: all of ASCII that is no letter, digit or control
bool is_control(char32_t c);      ///< what BERT's cleaning drops, tab and line ends aside
bool is_cjk(char32_t c);          ///< what BERT puts spaces around
bool is_nonspacing_mark(char32_t c);  ///< the accents that BERT drops
bool is_combining_mark(char32_t c);   ///< the accents that StripAccents drops

/// Lower case of each character by itself: no final sigma.
std::u32string lower_each(std::u32string_view text);
/// A normal form of the text, by the package's tables.
std::string normal_form(std::string_view text, NormalForm form);

}  // namespace tapehead::data::unicode

// Unicode text in UTF-8: code points, case, normal forms, words. Properties come from utf8proc.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tapehead::data {

/// The offset of the first byte that is not part of well-formed UTF-8 (no surrogates, no overlong
/// forms, nothing above U+10FFFF), or -1.
/// Example: data::find_invalid_utf8("ab\xff")  // 2
int64_t find_invalid_utf8(std::string_view text);

/// The code points of the text. This and all functions below throw FormatError if the text is not
/// UTF-8.
/// Example: data::code_points("n\u00e9").size()  // 2
std::u32string code_points(std::string_view text);
/// UTF-8 of the code points. Throws FormatError for a surrogate or a value above U+10FFFF.
/// Example: data::to_utf8(U"n\u00e9")  // né
std::string to_utf8(std::u32string_view text);
/// Each code point as a separate string, for character-level models.
/// Example: data::characters("n\u00e9e")  // [n, é, e]
std::vector<std::string> characters(std::string_view text);

/// Lower case by the full, language-independent rules of the Unicode standard (section 3.13): a
/// sigma at the end of a word becomes ς, İ becomes i with a dot above. Equivalent to Python's
/// str.lower().
/// Example: data::lower("\u00c9COLE")  // école
std::string lower(std::string_view text);

/// The normal forms of Unicode Annex 15: NFC composes letters with accents, NFD decomposes them,
/// and the K forms also replace compatibility characters (ﬁ becomes fi).
enum class NormalForm { kNfc, kNfd, kNfkc, kNfkd };
/// Normalises a UTF-8 text.
/// Example: data::normalize("\ufb01n", data::NormalForm::kNfkc)  // fin
std::string normalize(std::string_view text, NormalForm form = NormalForm::kNfc);

/// Whether Python's str.split() splits at this character: Unicode white space and the ASCII
/// separators.
/// Example: data::is_space(U'\u2003')  // true
bool is_space(char32_t c);

/// The parts of a text between separators, as Python's text.split(separator): one more than there
/// are separators. They are views of the text.
/// Example: data::split_string("a,,b", ',')  // [a, , b]
std::vector<std::string_view> split_string(std::string_view text, char separator);

/// Splits a line into word tokens. Words consist of letters, their combining marks and digits,
/// including apostrophes and hyphens between letters ("don't", "t-shirt") and points, commas and
/// colons between digits ("3,000", "9:30"). Every other character is a token; a run of the same
/// character is a single token ("..."). White space is dropped.
/// Example: data::words("It costs 3,000, doesn't it?")  // [It, costs, 3,000, ,, doesn't, it, ?]
std::vector<std::string> words(std::string_view line);

/// Joins word tokens to a line, spaced as in English and German: no space before closing or after
/// opening punctuation. Straight quotes alternate between opening and closing.
/// Example: data::join_words(std::vector<std::string>{"Well", ",", "(", "yes", ")", "."})
///     // Well, (yes).
std::string join_words(std::span<const std::string> words);

}  // namespace tapehead::data

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
int64_t find_invalid_utf8(std::string_view text);

/// The code points of the text. Throws FormatError when it is not UTF-8, as everything below does.
std::u32string code_points(std::string_view text);
/// UTF-8 of the code points. Throws FormatError for a surrogate or a value above U+10FFFF.
std::string to_utf8(std::u32string_view text);
/// Each code point as a string of its own, for models that read character by character.
std::vector<std::string> characters(std::string_view text);

/// Lower case by the full rules of the Unicode standard (section 3.13) that hold in every language:
/// a sigma at the end of a word becomes ς, İ becomes i with a dot above. Equal to Python's lower().
std::string lower(std::string_view text);

/// The normal forms of Unicode Annex 15: NFC composes accents into letters, NFD takes them apart,
/// and the K forms replace compatibility characters too (ﬁ becomes fi).
enum class NormalForm { kNfc, kNfd, kNfkc, kNfkd };
std::string normalize(std::string_view text, NormalForm form = NormalForm::kNfc);

/// Whether Python's str.split() cuts here: Unicode's white space and the ASCII separators.
bool is_space(char32_t c);

/// The word tokens of a line: letters with their marks and digits make words, in which apostrophes
/// and hyphens between letters stay ("don't", "t-shirt") and so do points, commas and colons
/// between digits ("3,000", "9:30"); each other character is a token, a run of the same one a
/// single token
/// ("..."). White space separates and is dropped.
std::vector<std::string> words(std::string_view line);

/// A line from word tokens, with spaces where English and German print them: none before closing
/// punctuation or after opening; straight quotes open and close in turn.
std::string join_words(std::span<const std::string> words);

}  // namespace tapehead::data

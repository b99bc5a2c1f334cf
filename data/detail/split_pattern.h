// The regular expressions of byte-level pre-tokenizers, implemented as scanners: in linear time and
// without recursion.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tapehead::data::tokenizing {

/// One of the common patterns. Its pieces cover the text without gaps.
struct SplitPattern {
  enum Family {
    kGpt2,   ///< runs of letters, digits or other characters, including a preceding space
    kGpt4,   ///< contractions in any case, groups of digits, separate line ends (cl100k)
    kGpt4o,  ///< like kGpt4, and words end before a capital letter (o200k)
  };
  Family family;
  size_t digits = 0;   ///< maximum number of digits in a group; 0: no limit
  bool marks = false;  ///< whether combining marks are part of words

  /// The end of the piece that begins at `begin`, for begin < text.size().
  size_t end_of_piece(std::u32string_view text, size_t begin) const;
};

/// The pattern for a regular expression, if it is supported.
std::optional<SplitPattern> find_split_pattern(std::string_view regex);
/// The supported regular expressions, for messages.
std::string known_split_patterns();
/// The regular expressions of GPT-2 and of GPT-4 (also Llama 3), as in tokenizer.json.
extern const std::string_view kGpt2Regex, kGpt4Regex;

}  // namespace tapehead::data::tokenizing

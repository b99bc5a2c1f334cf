// The regular expressions by which byte-level tokenizers cut text, written out as scanners: linear
// in the length of any run, without recursion.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tapehead::data::tokenizing {

/// One of the patterns in use. Its pieces cover the text without gaps.
struct SplitPattern {
  enum Family {
    kGpt2,   ///< letters, digits or others in runs, each with the space before it
    kGpt4,   ///< contractions in any case, digits in groups, line ends by themselves (cl100k)
    kGpt4o,  ///< besides, words end before a capital letter (o200k)
  };
  Family family;
  size_t digits = 0;   ///< the most digits of a group; 0: any number
  bool marks = false;  ///< combining marks belong to words

  /// The end of the piece that begins at `begin`, for begin < text.size().
  size_t end_of_piece(std::u32string_view text, size_t begin) const;
};

/// The pattern written as this regular expression, when it is one of those that are known.
std::optional<SplitPattern> find_split_pattern(std::string_view regex);
/// The regular expressions that are known, for messages.
std::string known_split_patterns();
/// Of GPT-2 and of GPT-4 (also Llama 3's), as tokenizer.json has them.
extern const std::string_view kGpt2Regex, kGpt4Regex;

}  // namespace tapehead::data::tokenizing

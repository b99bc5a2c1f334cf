// Pre-tokenizers, which split a normalized text into the pieces that the model encodes.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tapehead/data/detail/json.h"

namespace tapehead::data::tokenizing {

struct Piece {
  std::string text;
  bool first = false;  ///< whether it is at the start of the whole text
};

/// The total number of bytes.
size_t bytes_of(const std::vector<Piece>& pieces);

/// Rewrites the pieces of a text, none of which is empty. Throws FormatError if they would have
/// more than `most` bytes.
using PreTokenizer = std::function<void(std::vector<Piece>& pieces, size_t most)>;

/// Constructs the pre-tokenizer described by a tokenizer.json. Throws FormatError.
PreTokenizer make_pre_tokenizer(const JsonView& from);

/// Converts bytes to and from printable characters (GPT-2's alphabet). from_byte_level() returns
/// false for characters outside the alphabet.
std::string to_byte_level(std::string_view bytes);
bool from_byte_level(std::string_view text, std::string& bytes);
/// The 256 characters of the alphabet, by byte.
const std::vector<std::string>& byte_alphabet();

/// When Metaspace prepends its mark.
enum class Prepend { kAlways, kFirst, kNever };
/// Reads the scheme of a Metaspace pre-tokenizer or decoder, including the older field
/// add_prefix_space.
Prepend prepend_scheme(const JsonView& metaspace);
/// Reads the pattern of a Replace or Split, which must be a plain string.
std::string plain_pattern(const JsonView& component);

}  // namespace tapehead::data::tokenizing

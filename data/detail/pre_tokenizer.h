// Pre-tokenizers: how a normalized text is cut into the pieces that the model sees.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tapehead/data/detail/json.h"

namespace tapehead::data::tokenizing {

struct Piece {
  std::string text;
  bool first = false;  ///< begins where the whole text begins
};

/// The bytes of all pieces.
size_t bytes_of(const std::vector<Piece>& pieces);

/// Rewrites the pieces of a text, none of which is empty. Throws FormatError when they would have
/// more than `most` bytes.
using PreTokenizer = std::function<void(std::vector<Piece>& pieces, size_t most)>;

/// The pre-tokenizer that a tokenizer.json describes. Throws FormatError.
PreTokenizer make_pre_tokenizer(const JsonView& from);

/// A byte-level text, each byte a printable character (GPT-2's alphabet), and back; characters
/// outside the alphabet make from_byte_level return false.
std::string to_byte_level(std::string_view bytes);
bool from_byte_level(std::string_view text, std::string& bytes);
/// The 256 characters of the alphabet, by byte.
const std::vector<std::string>& byte_alphabet();

/// When Metaspace puts its mark in front.
enum class Prepend { kAlways, kFirst, kNever };
/// Of a Metaspace pre-tokenizer or decoder, with the older field add_prefix_space understood.
Prepend prepend_scheme(const JsonView& metaspace);
/// The pattern of a Replace or Split that is a plain string.
std::string plain_pattern(const JsonView& component);

}  // namespace tapehead::data::tokenizing

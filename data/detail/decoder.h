// Decoders: how the tokens of a sequence become text again; and what a post-processor adds to it.
#pragma once

#include <functional>

#include "tapehead/data/detail/json.h"

namespace tapehead::data::tokenizing {

struct DecodedToken {
  std::string text;
  bool added = false;  ///< an added token: text, whatever alphabet the model's tokens are in
};

/// The bytes of all texts.
size_t bytes_of(const std::vector<DecodedToken>& tokens);

/// Rewrites the tokens of a sequence; their texts, one after the other, are the result. Throws
/// FormatError when they would have more than `most` bytes.
using Decoder = std::function<void(std::vector<DecodedToken>& tokens, size_t most)>;

/// The decoder that a tokenizer.json describes. Throws FormatError.
Decoder make_decoder(const JsonView& from);

/// UTF-8 of bytes, each maximal part that is not UTF-8 replaced by one U+FFFD, as Unicode's
/// section 3.9 recommends.
std::string repaired_utf8(std::string_view bytes);

/// The special tokens around a sequence.
struct Surround {
  std::vector<int64_t> before, after;
};

/// What the post-processor of a tokenizer.json adds to a single sequence: at most 10,000 tokens.
/// Throws FormatError.
Surround make_surround(const JsonView& from);

}  // namespace tapehead::data::tokenizing

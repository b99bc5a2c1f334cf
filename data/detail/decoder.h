// Decoders, which convert tokens to text, and post-processors.
#pragma once

#include <functional>

#include "tapehead/data/detail/json.h"

namespace tapehead::data::tokenizing {

struct DecodedToken {
  std::string text;
  bool added =
      false;  ///< an added token, which is plain text even if the model's tokens are byte-level
};

/// The total number of bytes.
size_t bytes_of(const std::vector<DecodedToken>& tokens);

/// Rewrites the tokens of a sequence, whose concatenation is the decoded text. Throws FormatError
/// if it would have more than `most` bytes.
using Decoder = std::function<void(std::vector<DecodedToken>& tokens, size_t most)>;

/// Constructs the decoder described by a tokenizer.json. Throws FormatError.
Decoder make_decoder(const JsonView& from);

/// Replaces each maximal invalid part of UTF-8 by one U+FFFD, as recommended in section 3.9 of the
/// Unicode standard.
std::string repaired_utf8(std::string_view bytes);

/// The special tokens around a sequence.
struct Surround {
  std::vector<int64_t> before, after;
};

/// The tokens that the post-processor of a tokenizer.json adds to a single sequence, at most
/// 10,000. Throws FormatError.
Surround make_surround(const JsonView& from);

}  // namespace tapehead::data::tokenizing

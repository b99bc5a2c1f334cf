// Limits the expansion of text by the rules of a tokenizer.json: 28 rules that replace l by ll turn
// one letter into 300 MB.
#pragma once

#include <cstddef>
#include <string>

namespace tapehead::data::tokenizing {

/// The maximum size that `size` bytes may expand to. Unicode normalization expands by a factor of
/// up to 11, and the byte-level alphabet by another factor of 2.
size_t most_bytes(size_t size);

/// Throws FormatError, prefixed with `place`, if `size` is larger than `most`.
void check_growth(size_t size, size_t most, const std::string& place);

}  // namespace tapehead::data::tokenizing

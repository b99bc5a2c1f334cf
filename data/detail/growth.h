// How much longer the rules of a tokenizer.json may make a text: they may feed on their own
// results, and 28 of them that replace l by ll make 300 MB of one letter.
#pragma once

#include <cstddef>
#include <string>

namespace tapehead::data::tokenizing {

/// The most bytes that may be made of `size` bytes. Unicode's normal forms make up to 11 times as
/// many, and the byte-level alphabet twice that.
size_t most_bytes(size_t size);

/// Throws FormatError, `place` in front, when `size` is more than `most`.
void check_growth(size_t size, size_t most, const std::string& place);

}  // namespace tapehead::data::tokenizing

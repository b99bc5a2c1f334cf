// Normalizers: what is done to a text before it is cut.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "tapehead/data/detail/json.h"

namespace tapehead::data::tokenizing {

/// Throws FormatError when it would make more than `most` bytes of the text.
using Normalizer = std::function<std::string(const std::string& text, size_t most)>;

/// The normalizer that a tokenizer.json describes. Throws FormatError.
Normalizer make_normalizer(const JsonView& from);

/// The text with each occurrence of `what`, which may be empty for none, replaced. Stops early, and
/// returns more than `most` bytes, when there would be more of them.
std::string replace_all(std::string_view text, std::string_view what, std::string_view with,
                        size_t most = SIZE_MAX);

}  // namespace tapehead::data::tokenizing

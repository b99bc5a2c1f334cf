// Normalizers, which are applied to a text before pre-tokenization.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "tapehead/data/detail/json.h"

namespace tapehead::data::tokenizing {

/// Throws FormatError if the result would have more than `most` bytes.
using Normalizer = std::function<std::string(const std::string& text, size_t most)>;

/// Constructs the normalizer described by a tokenizer.json. Throws FormatError.
Normalizer make_normalizer(const JsonView& from);

/// Replaces each occurrence of `what`; none if it is empty. Stops early, returning more than `most`
/// bytes, if the result would be larger than that.
std::string replace_all(std::string_view text, std::string_view what, std::string_view with,
                        size_t most = SIZE_MAX);

}  // namespace tapehead::data::tokenizing

// Normalizers: what is done to a text before it is cut.
#pragma once

#include <functional>
#include <string>

#include "tapehead/data/detail/json.h"

namespace tapehead::data::tokenizing {

using Normalizer = std::function<std::string(const std::string&)>;

/// The normalizer that a tokenizer.json describes. Throws FormatError.
Normalizer make_normalizer(const JsonView& from);

/// The text with each occurrence of `what`, which may be empty for none, replaced.
std::string replace_all(std::string_view text, std::string_view what, std::string_view with);

}  // namespace tapehead::data::tokenizing

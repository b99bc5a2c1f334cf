// JSON from files that may come from anywhere.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace tapehead::nn::hf {

/// Keeps fields in their order.
using Json = nlohmann::ordered_json;

/// One object. Throws FormatError, which names the file, for text that is not JSON, is no object,
/// nests deeper than 32, or names a field twice.
Json parse_json(std::string_view text, const std::string& file);

}  // namespace tapehead::nn::hf

// JSON from files that may come from anywhere.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace tapehead::core {

using Json = nlohmann::json;

/// Parses a text; `name` stands for the file in errors. Throws FormatError for what is not JSON
/// (with the byte), for more than 64 levels of nesting, and for a key that an object holds twice.
Json parse_json(std::string_view text, const std::string& name);

}  // namespace tapehead::core

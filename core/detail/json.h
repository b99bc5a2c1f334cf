// JSON from files that may come from anywhere.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace tapehead::core {

using Json = nlohmann::json;

/// Values of about 50 bytes each.
inline constexpr int64_t kMostJsonValues = 16'000'000;

/// Parses a text; `name` stands for the file in errors. Throws FormatError for what is not JSON
/// (with the byte), for more than 64 levels of nesting or `most` values, for a number that no
/// double can hold, and for a key that an object holds twice.
Json parse_json(std::string_view text, const std::string& name, int64_t most = kMostJsonValues);

}  // namespace tapehead::core

// Parses option values from the command line and from a run's config.json, by the same rules, and
// writes them there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tapehead/core/formats/detail/json.h"
#include "tapehead/train/cli.h"

namespace tapehead::train::detail {

using core::Json;

/// Parses a text into `value`. Returns "" or, leaving `value` unchanged, what is wrong with the
/// text, such as "not a whole number" or "must be at least 1".
std::string read_text(const std::string& text, std::string& value);
std::string read_text(const std::string& text, std::string& value,
                      const std::vector<std::string>& choices);
std::string read_text(const std::string& text, int64_t& value, const Range<int64_t>& range);
std::string read_text(const std::string& text, uint64_t& value);
std::string read_text(const std::string& text, double& value, const Range<double>& range);
template <class T, class... Ranges>
std::string read_text(const std::string& text, std::optional<T>& value, const Ranges&... range) {
  T read{};
  std::string wrong = read_text(text, read, range...);
  if (wrong.empty()) value = std::move(read);
  return wrong;
}

/// Parses a JSON value: a string for text, a number for a number, true or false for a flag.
std::string read_json(const Json& json, bool& value);
template <class... Choices>
std::string read_json(const Json& json, std::string& value, const Choices&... choices) {
  return json.is_string() ? read_text(json.as_string(), value, choices...) : "not a string";
}
inline std::string read_json(const Json& json, std::optional<std::string>& value) {
  return json.is_string() ? read_text(json.as_string(), value) : "not a string";
}
template <class T, class... Ranges>
std::string read_json(const Json& json, T& value, const Ranges&... range) {
  return read_text(json.dump(), value,
                   range...);  // a string has quotes in JSON, so it is not read as a number
}

/// The JSON that read_json() reads as `value`; null for none.
template <class T>
Json to_json(const T& value) {
  return value;
}
template <class T>
Json to_json(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

}  // namespace tapehead::train::detail

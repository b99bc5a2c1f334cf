// Values of options, from the words of a command line and from the JSON of a run's config.json.
// Both are read by the same rules.
#pragma once

#include <optional>
#include <string>

#include "tapehead/core/formats/detail/json.h"
#include "tapehead/train/cli.h"

namespace tapehead::train::detail {

using core::Json;

/// Sets the value to what the text says. Gives what is wrong with it, "not a whole number" or "must
/// be at least 1", and "" when nothing is; else the value stays as it was.
std::string read_text(const std::string& text, std::string& value);
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

/// The same of JSON: a text for a text, a number for a number, true or false for a flag.
std::string read_json(const Json& json, std::string& value);
std::string read_json(const Json& json, std::optional<std::string>& value);
std::string read_json(const Json& json, bool& value);
template <class T, class... Ranges>
std::string read_json(const Json& json, T& value, const Ranges&... range) {
  return read_text(json.dump(), value, range...);  // a text has quotes then, and is no number
}

}  // namespace tapehead::train::detail

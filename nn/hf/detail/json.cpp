#include "tapehead/nn/hf/detail/json.h"

#include <fmt/format.h>

#include <set>
#include <vector>

#include "tapehead/core/error.h"

namespace tapehead::nn::hf {

Json parse_json(std::string_view text, const std::string& file) {
  constexpr int kMaxDepth = 32;
  std::vector<std::set<std::string>> names(1);  // of the objects that are open
  const auto check = [&](int depth, Json::parse_event_t event, Json& value) {
    if (depth > kMaxDepth)
      throw FormatError(fmt::format("{}: it nests deeper than {}", file, kMaxDepth));
    names.resize(static_cast<size_t>(depth) + 1);
    if (event == Json::parse_event_t::key && !names.back().insert(value.get<std::string>()).second)
      throw FormatError(fmt::format("{}: '{}' is there twice", file, value.get<std::string>()));
    return true;
  };
  try {
    Json json = Json::parse(text, check);
    if (!json.is_object()) throw FormatError(fmt::format("{}: it is not a JSON object", file));
    return json;
  } catch (const Json::parse_error& error) {
    throw FormatError(fmt::format("{}: not JSON at byte {}", file, error.byte));
  }
}

}  // namespace tapehead::nn::hf

// Reads lists from JSON values.
#pragma once

#include <string>
#include <vector>

#include "tapehead/core/formats/detail/json.h"

namespace tapehead::test {

inline std::vector<int64_t> integers(const core::Json& json) {
  std::vector<int64_t> out;
  for (const core::Json& element : json.as_array()) out.push_back(element.as_int64());
  return out;
}

inline std::vector<std::string> strings(const core::Json& json) {
  std::vector<std::string> out;
  for (const core::Json& element : json.as_array()) out.push_back(element.as_string());
  return out;
}

}  // namespace tapehead::test

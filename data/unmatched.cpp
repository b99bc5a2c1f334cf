#include "tapehead/data/unmatched.h"

#include <fmt/format.h>

namespace tapehead::data {

void Unmatched::add(const std::string& name) {
  if (count++ < kNamed) names.push_back(name);
}

std::string Unmatched::str(std::string_view one, std::string_view many) const {
  if (count == 0) return "";
  const int64_t others = count - std::ssize(names);
  return fmt::format("{} {} ({}{})", count, count == 1 ? one : many, fmt::join(names, ", "),
                     others > 0 ? fmt::format(" and {} more", others) : "");
}

std::string detail::joined_descriptions(const std::vector<std::string>& parts) {
  std::string all;
  for (const std::string& part : parts)
    if (!part.empty()) all += (all.empty() ? "" : "; ") + part;
  return all;
}

}  // namespace tapehead::data

#include "tapehead/train/detail/option_value.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "tapehead/core/parse_number.h"

namespace tapehead::train::detail {
namespace {

template <class T>
std::string check(T read, const Range<T>& range, T& value) {
  if (read >= range.least && read <= range.most) {
    value = read;
    return "";
  }
  if (range.most != Range<T>{}.most)
    return fmt::format("must be from {} to {}", range.least, range.most);
  if (range.least == std::numeric_limits<double>::min()) return "must be above 0";
  return fmt::format("must be at least {}", range.least);
}

}  // namespace

std::string read_text(const std::string& text, std::string& value) {
  value = text;
  return "";
}

std::string read_text(const std::string& text, std::string& value,
                      const std::vector<std::string>& choices) {
  if (std::ranges::find(choices, text) != choices.end()) {
    value = text;
    return "";
  }
  const std::span all(choices);
  return fmt::format("use {} or {}", fmt::join(all.first(all.size() - 1), ", "), all.back());
}

std::string read_text(const std::string& text, int64_t& value, const Range<int64_t>& range) {
  const auto read = parse_number<int64_t>(text);
  return read ? check(*read, range, value) : "not a whole number";
}

std::string read_text(const std::string& text, uint64_t& value) {
  const auto read = parse_number<uint64_t>(text);
  if (!read) return "not a whole number of 0 or more";
  value = *read;
  return "";
}

std::string read_text(const std::string& text, double& value, const Range<double>& range) {
  const auto read = parse_number<double>(text);
  if (!read) return "not a number";
  return std::isfinite(*read) ? check(*read, range, value) : "not a finite number";
}

std::string read_json(const Json& json, bool& value) {
  if (!json.is_bool()) return "not true or false";
  value = json.as_bool();
  return "";
}

}  // namespace tapehead::train::detail

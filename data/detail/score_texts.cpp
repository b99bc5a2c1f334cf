#include "tapehead/data/detail/score_texts.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tapehead/core/error.h"
#include "tapehead/data/text.h"

namespace tapehead::data {

void check_utf8(const char* op, std::string_view text, const char* what, size_t index) {
  if (const int64_t bad = find_invalid_utf8(text); bad >= 0)
    throw FormatError(fmt::format("{}: {} {} is not UTF-8: byte {:#04x} at offset {}", op, what,
                                  index, static_cast<unsigned char>(text[static_cast<size_t>(bad)]),
                                  bad));
}

std::vector<std::string> tokens_between_spaces(std::string_view text) {
  const std::u32string points = code_points(text);
  std::vector<std::string> out;
  for (auto at = points.begin(); at != points.end();) {
    const auto first = std::find_if_not(at, points.end(), is_space);
    at = std::find_if(first, points.end(), is_space);
    if (first != at) out.push_back(to_utf8(std::u32string_view(first, at)));
  }
  return out;
}

std::vector<int32_t> TokenNumbers::operator()(std::vector<std::string> tokens) {
  std::vector<int32_t> out;
  out.reserve(tokens.size());
  for (std::string& token : tokens) {
    const auto next = static_cast<int32_t>(numbers_.size() + 1);
    out.push_back(numbers_.try_emplace(std::move(token), next).first->second);
  }
  return out;
}

int32_t TokenNumbers::find(const std::string& token) const {
  const auto found = numbers_.find(token);
  return found == numbers_.end() ? 0 : found->second;
}

}  // namespace tapehead::data

// Longest common subsequences.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace tapehead::data {

/// Computes the lengths of the longest common subsequences of prefixes of a and b, one row per
/// prefix of a: calls `visit(i, above, row)` with the rows for i and i + 1 tokens. Returns the
/// length for all of a and b.
template <class Visit>
int32_t each_lcs_row(std::span<const int32_t> a, std::span<const int32_t> b, const Visit& visit) {
  std::vector<int32_t> above(b.size() + 1), row(b.size() + 1);
  for (size_t i = 0; i < a.size(); ++i) {
    for (size_t j = 0; j < b.size(); ++j)
      row[j + 1] = a[i] == b[j] ? above[j] + 1 : std::max(above[j + 1], row[j]);
    visit(i, above, row);
    above.swap(row);
  }
  return above.back();
}

inline int32_t lcs_length(std::span<const int32_t> a, std::span<const int32_t> b) {
  return each_lcs_row(a, b, [](auto&&...) {});
}

}  // namespace tapehead::data

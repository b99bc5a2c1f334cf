#include "tapehead/core/detail/groups.h"

#include <algorithm>

namespace tapehead::core {

Groups::Groups(const int64_t* indices, int64_t n, int64_t limit, int64_t skip) {
  if (limit <= 8 * n) count(indices, n, limit, skip);
  else sort(indices, n, skip);
  starts.push_back(static_cast<int64_t>(order.size()));
}

void Groups::count(const int64_t* indices, int64_t n, int64_t limit, int64_t skip) {
  std::vector<int64_t> next(static_cast<size_t>(limit) + 1);
  for (int64_t i = 0; i < n; ++i)
    if (indices[i] != skip) ++next[static_cast<size_t>(indices[i]) + 1];
  starts.reserve(static_cast<size_t>(std::min(n, limit)) + 1);
  for (size_t v = 1; v < next.size(); ++v) {
    if (next[v] > 0) starts.push_back(next[v - 1]);
    next[v] += next[v - 1];
  }
  order.resize(static_cast<size_t>(next.back()));
  for (int64_t i = 0; i < n; ++i)
    if (indices[i] != skip) order[static_cast<size_t>(next[static_cast<size_t>(indices[i])]++)] = i;
}

void Groups::sort(const int64_t* indices, int64_t n, int64_t skip) {
  for (int64_t i = 0; i < n; ++i)
    if (indices[i] != skip) order.push_back(i);
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return indices[a] != indices[b] ? indices[a] < indices[b] : a < b;
  });
  for (size_t i = 0; i < order.size(); ++i)
    if (i == 0 || indices[order[i]] != indices[order[i - 1]])
      starts.push_back(static_cast<int64_t>(i));
}

}  // namespace tapehead::core

// Grouping of positions by index.
#pragma once

#include <cstdint>
#include <vector>

namespace tapehead::core {

/// Groups the positions 0..n-1 by the value of `indices` there, in increasing order within a group.
/// Values are in 0..limit-1; positions whose value is `skip` are left out.
struct Groups {
  std::vector<int64_t> order;
  std::vector<int64_t> starts;  ///< start of each group in `order`, then the end of the last

  Groups(const int64_t* indices, int64_t n, int64_t limit, int64_t skip);
  int64_t size() const { return static_cast<int64_t>(starts.size()) - 1; }

 private:
  void count(const int64_t* indices, int64_t n, int64_t limit, int64_t skip);
  void sort(const int64_t* indices, int64_t n, int64_t skip);
};

}  // namespace tapehead::core

// Positions that belong together.
#pragma once

#include <cstdint>
#include <vector>

namespace tapehead::core {

/// Positions of `indices` grouped by their value, in rising order within a group. The values are
/// 0..limit-1; those equal to `skip` are left out.
struct Groups {
  std::vector<int64_t> order;
  std::vector<int64_t> starts;  ///< of each group in `order`, and the end of the last

  Groups(const int64_t* indices, int64_t n, int64_t limit, int64_t skip);
  int64_t size() const { return static_cast<int64_t>(starts.size()) - 1; }

 private:
  void count(const int64_t* indices, int64_t n, int64_t limit, int64_t skip);
  void sort(const int64_t* indices, int64_t n, int64_t skip);
};

}  // namespace tapehead::core

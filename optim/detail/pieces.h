// One parallel loop over many tensors, small and large.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tapehead/core/parallel.h"

namespace tapehead::optim::detail {

/// Concatenates tensors and splits them into tasks of equal size: small tensors share a task, large
/// ones are split. The split depends only on the sizes.
class Pieces {
 public:
  void add(int64_t elements) {
    const int64_t padded = (elements + kAlign - 1) / kAlign * kAlign;
    sizes_.push_back(elements);
    starts_.push_back(starts_.back() + padded);
  }
  void clear() {
    sizes_.clear();
    starts_.resize(1);
  }
  int64_t tasks() const { return (starts_.back() + kGrain - 1) / kGrain; }

  /// Calls f(task, tensor, begin, end) for every piece. The pieces of a task are processed in order
  /// on one thread.
  template <class F>
  void run(F f, core::Denormals denormals = core::Denormals::keep) const {
    const auto pieces_of = [&](int64_t task) {
      const int64_t from = task * kGrain, to = from + kGrain;
      const auto after = std::upper_bound(starts_.begin(), starts_.end(), from);
      for (auto i = static_cast<size_t>(after - starts_.begin() - 1);
           i < sizes_.size() && starts_[i] < to; ++i) {
        const int64_t begin = std::max<int64_t>(from - starts_[i], 0);
        const int64_t end = std::min(to - starts_[i], sizes_[i]);
        if (begin < end) f(task, i, begin, end);
      }
    };
    core::parallel_for(tasks(), pieces_of, denormals);
  }

 private:
  static constexpr int64_t kGrain = 1 << 15;  // elements per task
  static constexpr int64_t kAlign = 64;       // pieces are aligned to cache lines of each tensor

  std::vector<int64_t> sizes_;
  std::vector<int64_t> starts_{0};
};

}  // namespace tapehead::optim::detail

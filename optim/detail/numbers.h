// The scalars of each parameter's update in a fused kernel.
#pragma once

#include <cstdint>
#include <vector>

#include "tapehead/core/allocator.h"
#include "tapehead/optim/step.h"

namespace tapehead::optim::detail {

/// Memory of the caching allocator for a vector that each step needs again.
template <class T>
struct StepAllocator {
  using value_type = T;
  StepAllocator() = default;
  template <class U>
  StepAllocator(const StepAllocator<U>&) {}
  T* allocate(size_t n) { return static_cast<T*>(tapehead::detail::allocate(n * sizeof(T))); }
  void deallocate(T* block, size_t n) noexcept {
    tapehead::detail::deallocate(block, n * sizeof(T));
  }
  bool operator==(const StepAllocator&) const { return true; }
};
template <class T>
using StepVector = std::vector<T, StepAllocator<T>>;

/// The numbers of each parameter's update: make(group, step) for those that depend only on the
/// group's options and on the parameter's step count, which are the same for most parameters.
template <class Numbers, class F>
StepVector<Numbers> numbers_of(const Step& step, F make) {
  StepVector<Numbers> numbers;
  numbers.reserve(step.size());
  const ParamGroup* group = nullptr;
  int64_t count = 0;
  for (size_t i = 0; i < step.size(); ++i) {
    if (&step.group(i) == group && step.step(i) == count) {
      numbers.push_back(numbers.back());
      continue;
    }
    group = &step.group(i);
    count = step.step(i);
    numbers.push_back(make(*group, count));
  }
  return numbers;
}

}  // namespace tapehead::optim::detail

// Padding with elements of the tensor. Nothing here is recorded.
#pragma once

#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// An axis whose result i is element source[i], and i - before if 0 <= i - before < size.
struct PaddedAxis {
  int axis;
  int64_t before;  // negative if elements are cropped
  std::vector<int64_t> source;
};

/// Pads axes, in ascending order, none of whose sizes is 0.
Tensor pad_axes(const Tensor& x, const std::vector<PaddedAxis>& axes);

}  // namespace tapehead::core

// Pooling over up to three axes. Nothing here is recorded.
#pragma once

#include <array>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// Windows of the same shape along one axis: result i takes the indices i stride - padding + k
/// dilation, for k < kernel, as far as they are inside of the axis.
struct PoolWindows {
  int64_t size = 1, kernel = 1, stride = 1, padding = 0, dilation = 1, result = 1;
};

/// Windows of any sizes along one axis, and the factors of their sums.
struct PoolRanges {
  int64_t size = 1;
  std::vector<int64_t> begin{0}, end{1};
  std::vector<double> factor{1};

  int64_t count() const { return static_cast<int64_t>(begin.size()); }
};

// Tensors are contiguous f32 or f64, of `planes` planes (channels of a batch) whose axes are depth,
// height and width.

/// Writes the maximum of each window to y and its position in the plane to `index`, i64, unless it
/// is undefined. Each window has an element.
void max_pool(int64_t planes, const std::array<PoolWindows, 3>& axes, const Tensor& x,
              const Tensor& y, const Tensor& index);
void max_pool(int64_t planes, const std::array<PoolRanges, 3>& axes, const Tensor& x,
              const Tensor& y, const Tensor& index);
/// The same with windows of their own for each plane, of equal sizes.
using PlaneRanges = std::vector<std::array<PoolRanges, 3>>;
void max_pool(int64_t planes, const PlaneRanges& axes, const Tensor& x, const Tensor& y,
              const Tensor& index);
/// Writes the sum of each window times its factors.
void sum_pool(int64_t planes, const std::array<PoolRanges, 3>& axes, const Tensor& x,
              const Tensor& y);
void sum_pool_gradient(int64_t planes, const std::array<PoolRanges, 3>& axes, const Tensor& dy,
                       const Tensor& dx);

/// Of each plane: out[i] = x[index[i]].
void gather_planes(int64_t planes, const Tensor& x, const Tensor& index, const Tensor& out);
/// Of each plane: zeros, to which x[i] is added at index[i], or stored there.
void scatter_planes(int64_t planes, const Tensor& x, const Tensor& index, bool add,
                    const Tensor& out);

}  // namespace tapehead::core

// Shape rules of pooling.
#pragma once

#include <array>

#include "tapehead/core/detail/pooling.h"
#include "tapehead/core/expanding_array.h"

namespace tapehead::detail {

template <int N>
struct PoolOptions {
  ExpandingArray<N> kernel;
  OptionalArray<N> stride;
  ExpandingArray<N> padding = 0;
  ExpandingArray<N> dilation = 1;
  bool ceil_mode = false;
};

/// Throws DTypeError and ShapeError, naming `op`, unless x is floating and has N axes after those
/// of the batch, which is optional, and the channels.
template <int N>
void check_planes(const char* op, const Tensor& x);

/// The windows of x; unused axes come first. Throws ShapeError, DTypeError and ValueError, naming
/// `op`.
template <int N>
std::array<core::PoolWindows, 3> pool_windows(const char* op, const Tensor& x,
                                              const PoolOptions<N>& options);
/// The windows without what lies in the padding, with factors that make sums means.
std::array<core::PoolRanges, 3> mean_ranges(const std::array<core::PoolWindows, 3>& windows,
                                            bool count_include_pad);
/// The windows of adaptive pooling.
template <int N>
std::array<core::PoolRanges, 3> adaptive_ranges(const char* op, const Tensor& x,
                                                const OptionalArray<N>& output_size);

/// x with other sizes along the last N axes, those of the windows or ranges.
template <int N>
Shape pooled_shape(const Shape& x, const std::array<core::PoolWindows, 3>& windows);
template <int N>
Shape pooled_shape(const Shape& x, const std::array<core::PoolRanges, 3>& ranges);
/// The number of channels of all batches.
int64_t planes_of(const Shape& x, int axes);

}  // namespace tapehead::detail

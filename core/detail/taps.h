// Sums of a few weighted elements (taps) for each result, at fixed positions of an axis or at the
// points of a grid. Nothing here is recorded.
#pragma once

#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// The taps of the results along one axis: result i is the sum of weight[k] x[index[k]] over
/// start[i] <= k < start[i + 1].
struct AxisTaps {
  int axis = 0;
  int64_t size = 0;  // of x
  std::vector<int64_t> start{0};
  std::vector<int32_t> index{};
  std::vector<double> weight{};

  int64_t count() const { return static_cast<int64_t>(start.size()) - 1; }
  /// Adds a tap to the last result.
  void add(int64_t at, double w) { index.push_back(static_cast<int32_t>(at)), weight.push_back(w); }
  /// Ends the taps of a result.
  void end() { start.push_back(static_cast<int64_t>(index.size())); }
  /// The taps that compute the gradient of x.
  AxisTaps transposed() const;
};

/// The kernel of cubic convolution (Keys 1981); a is its slope at 1.
double cubic_convolution(double x, double a);

/// Filters for resizing, which reach 1, 2 and 3 elements far.
enum class ResizeFilter : uint8_t { bilinear, bicubic, lanczos };

/// The taps that resize an axis of `size` elements to `result`, antialiased as in Pillow and
/// PyTorch: result i is a mean around (i + 0.5) step, weighted by the filter, which is stretched by
/// the step if that is above 1. `axis` and `size` of the taps are set.
AxisTaps resize_taps(ResizeFilter filter, int axis, int64_t size, int64_t result, double step);

/// Replaces axes of x, f32 or f64, by their sums.
Tensor sum_taps(const Tensor& x, const std::vector<AxisTaps>& axes);

// Sums at points, the same for each channel, of contiguous tensors:
//
//   x [N, C, S] elements, y [N, C, P] results, w [N, K, P] weights of K taps,
//   index [N, K, P] positions of the taps in 0..S-1, i32; those of negative index are 0.

/// y = sum over k of w x[index]
Tensor gather_taps(const Tensor& x, const Tensor& w, const Tensor& index);
/// The gradient of x, with S elements.
Tensor scatter_taps(const Tensor& y, const Tensor& w, const Tensor& index, int64_t S);
/// The gradient of w.
Tensor product_taps(const Tensor& x, const Tensor& y, const Tensor& index);

enum class GridPadding : uint8_t { zeros, border, reflection };

/// The taps along one axis at a point, whose position is scale (g + 1) + shift for the coordinate
/// g: those at the positions floor(position) + first + k.
struct GridTaps {
  int64_t size;  // of the axis
  double scale, shift;
  double low, high;  // where positions are reflected
  GridPadding padding;
  int taps;             // 1, 2 or 4
  int first;            // relative to the rounded position
  bool each_tap;        // whether padding moves each tap, not the position
  double weight[4][4];  // polynomials of the fraction of the position, from the constant on
};

/// The order-th derivatives with respect to g [N, P], f32 or f64, of the weights [N, taps, P].
/// Writes the indices of the taps, i32, to `index` unless it is undefined.
Tensor grid_weights(const GridTaps& taps, int order, const Tensor& g, const Tensor& index);
/// The indices [N, A B, P] of taps in rows of n elements, of indices [N, A, P] of rows and
/// [N, B, P] within rows.
Tensor combine_taps(const Tensor& rows, const Tensor& within, int64_t n);

}  // namespace tapehead::core

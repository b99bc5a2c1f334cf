// Padding layers, which have no parameters: `nn::ReflectionPad2d{1}`. See pad().
#pragma once

#include <concepts>
#include <cstddef>
#include <vector>

#include "tapehead/autograd/ops/join.h"
#include "tapehead/core/expanding_array.h"

namespace tapehead::nn {

/// Pads the last N axes. The widths are those before and after the last axis, then before and after
/// the second to last, and so on; a single one is for all ends. Negative widths crop.
template <int N>
class PadNd {
 public:
  /// Throws ShapeError for fewer than N axes, and for widths that the mode does not allow.
  Tensor operator()(const Tensor& x) const { return pad(x, widths_, options_); }

 protected:
  PadNd(const ExpandingArray<2 * N>& widths, const PadFuncOptions& options) : options_(options) {
    for (int i = 0; i < 2 * N; ++i) widths_.push_back(widths[i]);
  }

 private:
  std::vector<int64_t> widths_;
  PadFuncOptions options_;
};

/// Padding whose values are other elements of x.
template <int N, PadMode mode>
struct ModePad : PadNd<N> {
  ModePad(const ExpandingArray<2 * N>& widths) : PadNd<N>(widths, {.mode = mode}) {}
  ModePad(std::convertible_to<int64_t> auto... widths) requires(sizeof...(widths) == 2 * N)
      : ModePad(ExpandingArray<2 * N>(widths...)) {}
};
using CircularPad1d = ModePad<1, PadMode::circular>;
using CircularPad2d = ModePad<2, PadMode::circular>;
using CircularPad3d = ModePad<3, PadMode::circular>;
using ReflectionPad1d = ModePad<1, PadMode::reflect>;
using ReflectionPad2d = ModePad<2, PadMode::reflect>;
using ReflectionPad3d = ModePad<3, PadMode::reflect>;
using ReplicationPad1d = ModePad<1, PadMode::replicate>;
using ReplicationPad2d = ModePad<2, PadMode::replicate>;
using ReplicationPad3d = ModePad<3, PadMode::replicate>;
using ZeroPad1d = ModePad<1, PadMode::constant>;
using ZeroPad2d = ModePad<2, PadMode::constant>;
using ZeroPad3d = ModePad<3, PadMode::constant>;

/// Padding with a value: `nn::ConstantPad2d{{1, 2, 0, 1}, 3.5}`.
template <int N>
struct ConstantPad : PadNd<N> {
  ConstantPad(const ExpandingArray<2 * N>& widths, const Number& value)
      : PadNd<N>(widths, {.value = value}) {}
};
using ConstantPad1d = ConstantPad<1>;
using ConstantPad2d = ConstantPad<2>;
using ConstantPad3d = ConstantPad<3>;

}  // namespace tapehead::nn

// Convolution layers.
//
// B batch, C input channels, O output channels, k kernel sizes. Inputs may lack the axis of the
// batch, as in PyTorch.
#pragma once

#include "tapehead/autograd/ops/join.h"
#include "tapehead/core/expanding_array.h"
#include "tapehead/nn/params.h"

namespace tapehead::nn {

template <int N>
struct ConvOptions {
  ExpandingArray<N> stride = 1;
  ConvPadding<N> padding = 0;  ///< at both ends, or kValid or kSame
  ExpandingArray<N> dilation = 1;
  int64_t groups = 1;
  bool bias = true;
  PadMode padding_mode = PadMode::constant;  ///< what to pad with; constant: zeros
  Init init = init::fan_in_uniform();        ///< of the weight
};

/// A convolution over N axes; see conv2d(). Parameters: `weight` [O, C / groups, k...] and `bias`
/// [O], uniform in ± 1 / sqrt(C / groups * k...).
template <int N>
class Conv {
 public:
  /// Throws ValueError for channels below 1 or that are no multiples of groups, and for options out
  /// of range.
  Conv(Scope at, int64_t in_channels, int64_t out_channels, const ExpandingArray<N>& kernel_size,
       const ConvOptions<N>& options = {});
  Conv(int64_t in_channels, int64_t out_channels, const ExpandingArray<N>& kernel_size,
       const ConvOptions<N>& options = {})
      : Conv(Scope(), in_channels, out_channels, kernel_size, options) {}
  /// Maps x [B, C, sizes...] to [B, O, sizes...].
  Tensor operator()(const Tensor& x) const;

  Tensor weight;  ///< [O, C / groups, k...]
  Tensor bias;    ///< [O], or undefined
  const Scope& scope() const { return at_; }

 private:
  Scope at_;
  ConvOptions<N> options_;
};
/// Of x [B, C, L] or [C, L].
/// Example: nn::Conv1d(at, 4, 16, 5, {.stride = 2})(randn({8, 4, 100}))  // shape [8, 16, 48]
using Conv1d = Conv<1>;
/// Of x [B, C, H, W] or [C, H, W].
/// Example: nn::Conv2d(at, 3, 16, 3, {.padding = kSame})(randn({8, 3, 32, 32}))
///     // shape [8, 16, 32, 32]
using Conv2d = Conv<2>;
/// Of x [B, C, D, H, W] or [C, D, H, W].
/// Example: nn::Conv3d(at, 3, 4, 3)(randn({2, 3, 8, 16, 16}))  // shape [2, 4, 6, 14, 14]
using Conv3d = Conv<3>;
using Conv1dOptions = ConvOptions<1>;
using Conv2dOptions = ConvOptions<2>;
using Conv3dOptions = ConvOptions<3>;

template <int N>
struct ConvTransposeOptions {
  ExpandingArray<N> stride = 1;
  ExpandingArray<N> padding = 0;
  ExpandingArray<N> output_padding = 0;
  int64_t groups = 1;
  bool bias = true;
  ExpandingArray<N> dilation = 1;
  Init init = init::fan_in_uniform();  ///< of the weight
};

/// A transposed convolution over N axes; see conv_transpose2d(). Parameters: `weight`
/// [C, O / groups, k...] and `bias` [O], uniform in ± 1 / sqrt(O / groups * k...).
template <int N>
class ConvTranspose {
 public:
  /// Throws ValueError for channels below 1 or that are no multiples of groups, and for options out
  /// of range.
  ConvTranspose(Scope at, int64_t in_channels, int64_t out_channels,
                const ExpandingArray<N>& kernel_size, const ConvTransposeOptions<N>& options = {});
  ConvTranspose(int64_t in_channels, int64_t out_channels, const ExpandingArray<N>& kernel_size,
                const ConvTransposeOptions<N>& options = {})
      : ConvTranspose(Scope(), in_channels, out_channels, kernel_size, options) {}
  /// Maps x [B, C, sizes...] to [B, O, sizes...]. With `output_size`, the sizes of the result, the
  /// output padding follows from it; throws ValueError for sizes that it cannot reach.
  Tensor operator()(const Tensor& x) const;
  Tensor operator()(const Tensor& x, const ExpandingArray<N>& output_size) const;

  Tensor weight;  ///< [C, O / groups, k...]
  Tensor bias;    ///< [O], or undefined
  const Scope& scope() const { return at_; }

 private:
  Tensor apply(const Tensor& x, const ExpandingArray<N>& output_padding) const;

  Scope at_;
  ConvTransposeOptions<N> options_;
};
/// Of x [B, C, L] or [C, L].
/// Example: nn::ConvTranspose1d(at, 16, 4, 5, {.stride = 2})(randn({8, 16, 48}))
///     // shape [8, 4, 99]
using ConvTranspose1d = ConvTranspose<1>;
/// Of x [B, C, H, W] or [C, H, W].
/// Example: nn::ConvTranspose2d(at, 16, 3, 4, {.stride = 2, .padding = 1})(randn({8, 16, 7, 7}))
///     // shape [8, 3, 14, 14]
using ConvTranspose2d = ConvTranspose<2>;
/// Of x [B, C, D, H, W] or [C, D, H, W].
/// Example: nn::ConvTranspose3d(at, 4, 2, 2, {.stride = 2})(randn({2, 4, 3, 3, 3}))
///     // shape [2, 2, 6, 6, 6]
using ConvTranspose3d = ConvTranspose<3>;
using ConvTranspose1dOptions = ConvTransposeOptions<1>;
using ConvTranspose2dOptions = ConvTransposeOptions<2>;
using ConvTranspose3dOptions = ConvTransposeOptions<3>;

}  // namespace tapehead::nn

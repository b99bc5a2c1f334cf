// Pooling layers, which have no parameters: `nn::MaxPool2d{2}`. See autograd/ops/pooling.h.
#pragma once

#include <optional>

#include "tapehead/autograd/ops/fractional_max_pool.h"
#include "tapehead/autograd/ops/pooling.h"

namespace tapehead::nn {

/// A pooling op with a kernel size and options.
template <auto F, int N, class Options>
class Pool {
 public:
  Pool(const ExpandingArray<N>& kernel_size, const Options& options = {})
      : kernel_size_(kernel_size), options_(options) {}
  /// Maps x [B, C, sizes...] to [B, C, sizes...]; the axis of the batch is optional.
  auto operator()(const Tensor& x) const { return F(x, kernel_size_, options_); }

 private:
  ExpandingArray<N> kernel_size_;
  Options options_;
};
/// The maxima of windows: `nn::MaxPool2d{3, {.stride = 2}}`.
/// Example: nn::MaxPool1d(2)(randn({8, 4, 100}))  // shape [8, 4, 50]
/// Example: nn::MaxPool2d(3, {.stride = 2})(randn({8, 3, 32, 32}))  // shape [8, 3, 15, 15]
/// Example: nn::MaxPool3d(2)(randn({2, 3, 8, 16, 16}))  // shape [2, 3, 4, 8, 8]
using MaxPool1d = Pool<max_pool1d, 1, MaxPool1dFuncOptions>;
using MaxPool2d = Pool<max_pool2d, 2, MaxPool2dFuncOptions>;
using MaxPool3d = Pool<max_pool3d, 3, MaxPool3dFuncOptions>;
/// The maxima and their indices, for MaxUnpool1d and so on.
/// Example: nn::MaxPool1dWithIndices(2)(randn({8, 4, 100}))  // shape [8, 4, 50]; [8, 4, 50]
/// Example: nn::MaxPool2dWithIndices(2)(randn({8, 3, 32, 32})).indices  // shape [8, 3, 16, 16]
/// Example: nn::MaxPool3dWithIndices(2)(randn({3, 8, 16, 16})).indices  // shape [3, 4, 8, 8]
using MaxPool1dWithIndices = Pool<max_pool1d_with_indices, 1, MaxPool1dFuncOptions>;
using MaxPool2dWithIndices = Pool<max_pool2d_with_indices, 2, MaxPool2dFuncOptions>;
using MaxPool3dWithIndices = Pool<max_pool3d_with_indices, 3, MaxPool3dFuncOptions>;
/// The means of windows.
/// Example: nn::AvgPool1d(2)(randn({8, 4, 100}))  // shape [8, 4, 50]
/// Example: nn::AvgPool2d(2)(randn({8, 3, 32, 32}))  // shape [8, 3, 16, 16]
/// Example: nn::AvgPool3d(2)(randn({2, 3, 8, 16, 16}))  // shape [2, 3, 4, 8, 8]
using AvgPool1d = Pool<avg_pool1d, 1, AvgPool1dFuncOptions>;
using AvgPool2d = Pool<avg_pool2d, 2, AvgPool2dFuncOptions>;
using AvgPool3d = Pool<avg_pool3d, 3, AvgPool3dFuncOptions>;

/// A pooling op with the sizes of its results.
template <auto F, int N>
class AdaptivePool {
 public:
  AdaptivePool(const OptionalArray<N>& output_size) : output_size_(output_size) {}
  auto operator()(const Tensor& x) const { return F(x, output_size_); }

 private:
  OptionalArray<N> output_size_;
};
/// Means: `nn::AdaptiveAvgPool2d{1}`.
/// Example: nn::AdaptiveAvgPool1d(10)(randn({8, 4, 100}))  // shape [8, 4, 10]
/// Example: nn::AdaptiveAvgPool2d(1)(randn({8, 64, 7, 9}))  // shape [8, 64, 1, 1]
/// Example: nn::AdaptiveAvgPool3d(2)(randn({2, 3, 8, 16, 16}))  // shape [2, 3, 2, 2, 2]
using AdaptiveAvgPool1d = AdaptivePool<adaptive_avg_pool1d, 1>;
using AdaptiveAvgPool2d = AdaptivePool<adaptive_avg_pool2d, 2>;
using AdaptiveAvgPool3d = AdaptivePool<adaptive_avg_pool3d, 3>;
/// Maxima.
/// Example: nn::AdaptiveMaxPool1d(10)(randn({8, 4, 100}))  // shape [8, 4, 10]
/// Example: nn::AdaptiveMaxPool2d(1)(randn({8, 64, 7, 9}))  // shape [8, 64, 1, 1]
/// Example: nn::AdaptiveMaxPool3d(2)(randn({2, 3, 8, 16, 16}))  // shape [2, 3, 2, 2, 2]
using AdaptiveMaxPool1d = AdaptivePool<adaptive_max_pool1d, 1>;
using AdaptiveMaxPool2d = AdaptivePool<adaptive_max_pool2d, 2>;
using AdaptiveMaxPool3d = AdaptivePool<adaptive_max_pool3d, 3>;

/// Lp pooling, with the exponent norm_type.
template <auto F, int N, class Options>
class LPPool {
 public:
  LPPool(double norm_type, const ExpandingArray<N>& kernel_size, const Options& options = {})
      : norm_type_(norm_type), kernel_size_(kernel_size), options_(options) {}
  Tensor operator()(const Tensor& x) const { return F(x, norm_type_, kernel_size_, options_); }

 private:
  double norm_type_;
  ExpandingArray<N> kernel_size_;
  Options options_;
};
/// Norms of windows; see lp_pool1d().
/// Example: nn::LPPool1d(2, 4)(rand({8, 4, 100}))  // shape [8, 4, 25]
using LPPool1d = LPPool<lp_pool1d, 1, LPPool1dFuncOptions>;
/// Example: nn::LPPool2d(2, 4)(rand({8, 3, 32, 32}))  // shape [8, 3, 8, 8]
/// Example: nn::LPPool3d(2, 4)(rand({2, 3, 8, 8, 8}))  // shape [2, 3, 2, 2, 2]
using LPPool2d = LPPool<lp_pool2d, 2, LPPool2dFuncOptions>;
using LPPool3d = LPPool<lp_pool3d, 3, LPPool3dFuncOptions>;

/// Maximum pooling of windows that are drawn from the default generator.
template <auto F, int N, class Options>
class FractionalPool {
 public:
  FractionalPool(const ExpandingArray<N>& kernel_size, const Options& options)
      : kernel_size_(kernel_size), options_(options) {}
  /// Maps x [B, C, sizes...] to [B, C, sizes...]; the axis of the batch is optional.
  auto operator()(const Tensor& x) const {
    return F(x, kernel_size_, options_, default_generator());
  }

 private:
  ExpandingArray<N> kernel_size_;
  Options options_;
};
/// The maxima: `nn::FractionalMaxPool2d{2, {.output_ratio = 0.7}}`.
/// Example: nn::FractionalMaxPool2d(2, {.output_ratio = 0.7})(randn({3, 32, 32}))
///     // shape [3, 22, 22]
/// Example: nn::FractionalMaxPool3d(2, {.output_size = 5})(randn({3, 8, 8, 8}))
///     // shape [3, 5, 5, 5]
using FractionalMaxPool2d =
    FractionalPool<fractional_max_pool2d, 2, FractionalMaxPool2dFuncOptions>;
using FractionalMaxPool3d =
    FractionalPool<fractional_max_pool3d, 3, FractionalMaxPool3dFuncOptions>;
/// The maxima and their indices.
/// Example: nn::FractionalMaxPool2dWithIndices(2, {.output_size = 5})(randn({3, 8, 8})).indices
///     // shape [3, 5, 5]
/// Example: nn::FractionalMaxPool3dWithIndices(2, {.output_size = 5})(randn({3, 8, 8, 8})).indices
///     // shape [3, 5, 5, 5]
using FractionalMaxPool2dWithIndices =
    FractionalPool<fractional_max_pool2d_with_indices, 2, FractionalMaxPool2dFuncOptions>;
using FractionalMaxPool3dWithIndices =
    FractionalPool<fractional_max_pool3d_with_indices, 3, FractionalMaxPool3dFuncOptions>;

template <int N>
struct MaxUnpoolOptions {
  OptionalArray<N> stride = std::nullopt;  ///< default: kernel_size
  ExpandingArray<N> padding = 0;
};
/// The partial inverse of maximum pooling.
template <auto F, int N, class FuncOptions>
class MaxUnpool {
 public:
  MaxUnpool(const ExpandingArray<N>& kernel_size, const MaxUnpoolOptions<N>& options = {})
      : kernel_size_(kernel_size), options_(options) {}
  Tensor operator()(const Tensor& x, const Tensor& indices,
                    const OptionalArray<N>& output_size = std::nullopt) const {
    return F(x, indices, kernel_size_, FuncOptions{options_.stride, options_.padding, output_size});
  }

 private:
  ExpandingArray<N> kernel_size_;
  MaxUnpoolOptions<N> options_;
};
/// The inverse of pooling; see max_unpool1d().
/// Example: nn::MaxUnpool1d(2)(tensor({{3.0, 5.0}}), tensor({{1, 3}}))  // [[0., 3., 0., 5.]]
using MaxUnpool1d = MaxUnpool<max_unpool1d, 1, MaxUnpool1dFuncOptions>;
/// Example: auto [y, i] = nn::MaxPool2dWithIndices(2)(randn({3, 8, 8})); nn::MaxUnpool2d(2)(y, i)
///     // shape [3, 8, 8]
using MaxUnpool2d = MaxUnpool<max_unpool2d, 2, MaxUnpool2dFuncOptions>;
/// Example: auto [y, i] = nn::MaxPool3dWithIndices(2)(randn({3, 4, 4, 4})); nn::MaxUnpool3d(2)(y,
///     i)  // shape [3, 4, 4, 4]
using MaxUnpool3d = MaxUnpool<max_unpool3d, 3, MaxUnpool3dFuncOptions>;

}  // namespace tapehead::nn

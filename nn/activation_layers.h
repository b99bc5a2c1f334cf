// Activations as layers, with PyTorch's names, options and defaults:
//
//   nn::Sequential net(params / "net", {nn::Linear{2, 32}, nn::LeakyReLU{0.2}, nn::Linear{32, 10},
//                                       nn::LogSoftmax{-1}});
//
// Shapes and errors are those of the op of each; see autograd/ops/activation.h and softmax.h. All
// are elementwise, from x [...] to [...], unless stated otherwise. activation.h has activations as
// options of layers, such as nn::relu.
#pragma once

#include <string>
#include <utility>

#include "tapehead/autograd/ops/activation.h"
#include "tapehead/autograd/ops/softmax.h"
#include "tapehead/nn/params.h"

namespace tapehead::nn {

/// An op of one tensor, applied to each element.
template <Tensor (*op)(const Tensor&)>
struct UnaryLayer {
  Tensor operator()(const Tensor& x) const { return op(x); }
};
/// Example: nn::Hardsigmoid{}(tensor({-3.0, 0.0, 3.0}))  // [0.0, 0.5, 1.0]
/// Example: nn::Hardswish{}(tensor({0.0, 3.0}))  // [0., 3.]
/// Example: nn::LogSigmoid{}(zeros({2}))  // [-0.6931, -0.6931]
/// Example: nn::Mish{}(zeros({2}))  // [0., 0.]
/// Example: nn::ReLU{}(tensor({-1.0, 2.0}))  // [0., 2.]
/// Example: nn::ReLU6{}(tensor({-1.0, 8.0}))  // [0., 6.]
/// Example: nn::SELU{}(tensor({1.0, 0.0}))  // [1.0507, 0.0000]
/// Example: nn::SiLU{}(tensor({1.0, 0.0}))  // [0.7311, 0.0000]
/// Example: nn::Sigmoid{}(tensor({1.0, 0.0}))  // [0.7311, 0.5000]
/// Example: nn::Softsign{}(tensor({1.0, 0.0}))  // [0.5, 0.0]
/// Example: nn::Tanh{}(tensor({1.0, 0.0}))  // [0.7616, 0.0000]
/// Example: nn::Tanhshrink{}(tensor({1.0, 0.0}))  // [0.2384, 0.0000]
using Hardsigmoid = UnaryLayer<tapehead::hardsigmoid>;
using Hardswish = UnaryLayer<tapehead::hardswish>;
using LogSigmoid = UnaryLayer<tapehead::log_sigmoid>;
using Mish = UnaryLayer<tapehead::mish>;
using ReLU = UnaryLayer<tapehead::relu>;
using ReLU6 = UnaryLayer<tapehead::relu6>;
using SELU = UnaryLayer<tapehead::selu>;
using SiLU = UnaryLayer<tapehead::silu>;
using Sigmoid = UnaryLayer<tapehead::sigmoid>;
using Softsign = UnaryLayer<tapehead::softsign>;
using Tanh = UnaryLayer<tapehead::tanh>;
using Tanhshrink = UnaryLayer<tapehead::tanhshrink>;

/// An op along an axis.
template <Tensor (*op)(const Tensor&, int64_t)>
class AxisLayer {
 public:
  explicit AxisLayer(int64_t axis) : axis_(axis) {}
  Tensor operator()(const Tensor& x) const { return op(x, axis_); }

 private:
  int64_t axis_;
};
/// Example: nn::LogSoftmax{-1}(zeros({4}))  // [-1.3863, -1.3863, -1.3863, -1.3863]
/// Example: nn::Softmax{-1}(zeros({4}))  // [0.25, 0.25, 0.25, 0.25]
/// Example: nn::Softmin{0}(zeros({2, 3}))  // shape [2, 3]
using LogSoftmax = AxisLayer<tapehead::log_softmax>;
using Softmax = AxisLayer<tapehead::softmax>;
using Softmin = AxisLayer<tapehead::softmin>;

/// softmax() over the channels of images [B, C, H, W] or [C, H, W]. Throws ShapeError for another
/// number of axes.
/// Example: nn::Softmax2d{}(randn({8, 3, 16, 16}))  // shape [8, 3, 16, 16]
struct Softmax2d {
  Tensor operator()(const Tensor& x) const;
};

/// Halves the size of the axis.
/// Example: nn::GLU{}(randn({8, 64}))  // shape [8, 32]
struct GLU {
  int64_t axis = -1;  ///< that is halved
  Tensor operator()(const Tensor& x) const { return glu(x, axis); }
};

/// See celu().
/// Example: nn::CELU{.alpha = 0.5}(tensor({1.0, 2.0}))  // [1., 2.]
struct CELU {
  double alpha = 1;  ///< minus the limit for small x
  Tensor operator()(const Tensor& x) const { return celu(x, alpha); }
};

/// See elu().
/// Example: nn::ELU{}(tensor({1.0, 2.0}))  // [1., 2.]
struct ELU {
  double alpha = 1;  ///< minus the limit for small x
  Tensor operator()(const Tensor& x) const { return elu(x, alpha); }
};

/// See gelu().
/// Example: nn::GELU{.approximate = "tanh"}(zeros({2}))  // [0., 0.]
struct GELU {
  /// "none", or "tanh": gelu_tanh(). Calls throw ValueError for other values.
  std::string approximate = "none";
  Tensor operator()(const Tensor& x) const;
};

/// See hardshrink().
/// Example: nn::Hardshrink{}(tensor({-1.0, 0.25}))  // [-1., 0.]
struct Hardshrink {
  double lambd = 0.5;  ///< the largest magnitude that becomes 0
  Tensor operator()(const Tensor& x) const { return hardshrink(x, lambd); }
};

/// See hardtanh().
/// Example: nn::Hardtanh{}(tensor({-3.0, 2.0}))  // [-1., 1.]
struct Hardtanh {
  double min_val = -1, max_val = 1;  ///< the bounds
  Tensor operator()(const Tensor& x) const { return hardtanh(x, min_val, max_val); }
};

/// See leaky_relu().
/// Example: nn::LeakyReLU{0.5}(tensor({-3.0, 2.0}))  // [-1.5, 2.0]
struct LeakyReLU {
  double negative_slope = 0.01;  ///< below 0
  Tensor operator()(const Tensor& x) const { return leaky_relu(x, negative_slope); }
};

/// See softplus(). Exact for all x; PyTorch returns x itself where beta x exceeds its option
/// `threshold`, 20.
/// Example: nn::Softplus{}(zeros({2}))  // [0.6931, 0.6931]
struct Softplus {
  double beta = 1;  ///< factor of x, above 0
  Tensor operator()(const Tensor& x) const { return softplus(x, beta); }
};

/// See softshrink().
/// Example: nn::Softshrink{}(tensor({-1.5, 0.25}))  // [-1., 0.]
struct Softshrink {
  double lambd = 0.5;  ///< what magnitudes are lowered by
  Tensor operator()(const Tensor& x) const { return softshrink(x, lambd); }
};

/// See threshold().
/// Example: nn::Threshold{1, -2}(tensor({0.0, 3.0}))  // [-2., 3.]
struct Threshold {
  double threshold, value;  ///< x up to the threshold becomes the value
  Tensor operator()(const Tensor& x) const { return tapehead::threshold(x, threshold, value); }
};

struct PReLUOptions {
  int64_t num_parameters = 1;  ///< 1, or the number of channels, on axis 1 of x
  double init = 0.25;
};

/// leaky_relu with learned slopes; see prelu(). Parameter: `weight`.
/// Example: nn::PReLU(at)(tensor({-4.0, 2.0}))  // [-1., 2.]
class PReLU {
 public:
  PReLU(Scope at, const PReLUOptions& options = {});
  explicit PReLU(const PReLUOptions& options = {}) : PReLU(Scope(), options) {}
  /// Throws ShapeError if there are several slopes and x has another number of channels.
  Tensor operator()(const Tensor& x) const;
  const Scope& scope() const { return at_; }

  Tensor weight;  ///< [num_parameters]

 private:
  Scope at_;
};

struct RReLUOptions {
  double lower = 1.0 / 8, upper = 1.0 / 3;  ///< of the slopes
};

/// leaky_relu with random slopes in training, and their mean in evaluation; see rrelu().
/// Example: nn::RReLU(at)(tensor({1.0, 2.0}))  // [1., 2.]
class RReLU {
 public:
  RReLU(Scope at, const RReLUOptions& options = {}) : at_(std::move(at)), options_(options) {}
  explicit RReLU(const RReLUOptions& options = {}) : RReLU(Scope(), options) {}
  /// Throws ValueError if lower > upper.
  Tensor operator()(const Tensor& x) const;
  const Scope& scope() const { return at_; }

 private:
  Scope at_;
  RReLUOptions options_;
};

}  // namespace tapehead::nn

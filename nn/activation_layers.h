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

/// An op of one tensor.
template <Tensor (*op)(const Tensor&)>
struct UnaryLayer {
  Tensor operator()(const Tensor& x) const { return op(x); }
};
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
using LogSoftmax = AxisLayer<tapehead::log_softmax>;
using Softmax = AxisLayer<tapehead::softmax>;
using Softmin = AxisLayer<tapehead::softmin>;

/// softmax() over the channels of images [B, C, H, W] or [C, H, W]. Throws ShapeError for another
/// number of axes.
struct Softmax2d {
  Tensor operator()(const Tensor& x) const;
};

/// Halves the size of the axis.
struct GLU {
  int64_t axis = -1;
  Tensor operator()(const Tensor& x) const { return glu(x, axis); }
};

struct CELU {
  double alpha = 1;
  Tensor operator()(const Tensor& x) const { return celu(x, alpha); }
};

struct ELU {
  double alpha = 1;
  Tensor operator()(const Tensor& x) const { return elu(x, alpha); }
};

struct GELU {
  /// "none", or "tanh": gelu_tanh(). Calls throw ValueError for other values.
  std::string approximate = "none";
  Tensor operator()(const Tensor& x) const;
};

struct Hardshrink {
  double lambd = 0.5;
  Tensor operator()(const Tensor& x) const { return hardshrink(x, lambd); }
};

struct Hardtanh {
  double min_val = -1, max_val = 1;
  Tensor operator()(const Tensor& x) const { return hardtanh(x, min_val, max_val); }
};

struct LeakyReLU {
  double negative_slope = 0.01;
  Tensor operator()(const Tensor& x) const { return leaky_relu(x, negative_slope); }
};

/// Exact for all x; PyTorch returns x itself where beta x exceeds its option `threshold`, 20.
struct Softplus {
  double beta = 1;
  Tensor operator()(const Tensor& x) const { return softplus(x, beta); }
};

struct Softshrink {
  double lambd = 0.5;
  Tensor operator()(const Tensor& x) const { return softshrink(x, lambd); }
};

struct Threshold {
  double threshold, value;
  Tensor operator()(const Tensor& x) const { return tapehead::threshold(x, threshold, value); }
};

struct PReLUOptions {
  int64_t num_parameters = 1;  ///< 1, or the number of channels, on axis 1 of x
  double init = 0.25;
};

/// leaky_relu with learned slopes; see prelu(). Parameter: `weight`.
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
  double lower = 1.0 / 8, upper = 1.0 / 3;
};

/// leaky_relu with random slopes in training, and their mean in evaluation; see rrelu().
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

// conv1d to conv3d, conv_transpose1d to conv_transpose3d.
//
// A convolution, its transpose, and the gradient of its weight are linear in each operand, and the
// derivatives of each are the other two.
#include "tapehead/autograd/ops/convolution.h"

#include <fmt/format.h>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/conv_shape.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/convolution.h"
#include "tapehead/core/detail/elementwise.h"

namespace tapehead {
namespace {

using core::ConvShape;

// The sum over all axes but that of the channels.
Tensor conv_bias_gradient(const Tensor& dy) {
  Shape axes;
  for (int i = 0; i < dy.dim(); ++i)
    if (i != 1) axes.push_back(i);
  return sum(dy, axes);
}

struct TransposedConvolution;
struct ConvolutionWeightGradient;

struct Convolution : CustomOp {
  static constexpr const char* kName = "convolution";
  ConvShape shape;

  Tensor forward(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvShape& s) {
    shape = s;
    save(x), save(weight);
    Tensor y = core::empty(detail::result_shape(s, x.shape()), x.dtype());
    core::convolution(s, core::contiguous(x), core::contiguous(weight),
                      bias.defined() ? core::contiguous(bias) : bias, y);
    return y;
  }
  std::array<Tensor, 3> backward(const Tensor& dy) const;
};

// x has the shape of a convolution's result.
struct TransposedConvolution : CustomOp {
  static constexpr const char* kName = "conv_transpose";
  ConvShape shape;

  Tensor forward(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvShape& s) {
    shape = s;
    save(x), save(weight);
    Tensor y = core::empty(detail::input_shape(s, x.shape()), x.dtype());
    core::convolution_input_gradient(s, core::contiguous(x), core::contiguous(weight),
                                     bias.defined() ? core::contiguous(bias) : bias, y);
    return y;
  }
  std::array<Tensor, 3> backward(const Tensor& dy) const;
};

// The gradient of the weight for an input x and the gradient dy of the result.
struct ConvolutionWeightGradient : CustomOp {
  static constexpr const char* kName = "convolution_weight_gradient";
  ConvShape shape;

  Tensor forward(const Tensor& x, const Tensor& dy, const ConvShape& s) {
    shape = s;
    save(x), save(dy);
    const Tensor dw =
        core::convolution_weight_gradient(s, core::contiguous(x), core::contiguous(dy));
    const Shape sizes = detail::weight_shape(s, x.dim());
    return core::view_of(dw, sizes, contiguous_strides(sizes), 0);
  }
  std::array<Tensor, 2> backward(const Tensor& dw) const {
    std::array<Tensor, 2> grads;
    if (needs_grad(0)) grads[0] = apply<TransposedConvolution>(saved(1), dw, Tensor(), shape);
    if (needs_grad(1)) grads[1] = apply<Convolution>(saved(0), dw, Tensor(), shape);
    return grads;
  }
};

std::array<Tensor, 3> Convolution::backward(const Tensor& dy) const {
  std::array<Tensor, 3> grads;
  if (needs_grad(0)) grads[0] = apply<TransposedConvolution>(dy, saved(1), Tensor(), shape);
  if (needs_grad(1)) grads[1] = apply<ConvolutionWeightGradient>(saved(0), dy, shape);
  if (needs_grad(2)) grads[2] = conv_bias_gradient(dy);
  return grads;
}

std::array<Tensor, 3> TransposedConvolution::backward(const Tensor& dy) const {
  std::array<Tensor, 3> grads;
  if (needs_grad(0)) grads[0] = apply<Convolution>(dy, saved(1), Tensor(), shape);
  if (needs_grad(1)) grads[1] = apply<ConvolutionWeightGradient>(dy, saved(0), shape);
  if (needs_grad(2)) grads[2] = conv_bias_gradient(dy);
  return grads;
}

// Applies Op to operands in the type that it computes in, with a batch axis.
template <class Op>
Tensor run_convolution(const Tensor& x, const Tensor& weight, const Tensor& bias, bool batched,
                       const ConvShape& shape) {
  DType dtype = core::result_type(x, weight);
  if (bias.defined()) dtype = promote(dtype, bias.dtype());
  if (detail::autocasts(x, weight) && dtype == f32) dtype = detail::autocast_mode;
  const DType wide = wide_type(dtype);
  const Tensor batch = batched ? x : x.unsqueeze(0);
  const Tensor y =
      apply<Op>(batch.to(wide), weight.to(wide), bias.defined() ? bias.to(wide) : bias, shape)
          .to(dtype);
  return batched ? y : y.squeeze(0);
}

template <int N, class Options>
Tensor conv_nd(const char* op, const Tensor& x, const Tensor& weight, const Tensor& bias,
               const Options& o) {
  const detail::ConvOptions<N> options{o.stride, o.padding, o.dilation, o.groups, 0};
  const ConvShape shape = detail::conv_shape(op, x, weight, bias, options);
  return run_convolution<Convolution>(x, weight, bias, x.dim() == N + 2, shape);
}

template <int N, class Options>
Tensor conv_transpose_nd(const char* op, const Tensor& x, const Tensor& weight, const Tensor& bias,
                         const Options& o) {
  const detail::ConvOptions<N> options{o.stride, o.padding, o.dilation, o.groups, o.output_padding};
  const ConvShape shape = detail::conv_transpose_shape(op, x, weight, bias, options);
  return run_convolution<TransposedConvolution>(x, weight, bias, x.dim() == N + 2, shape);
}

}  // namespace

Tensor conv1d(const Tensor& x, const Tensor& weight, const Tensor& bias,
              const Conv1dFuncOptions& options) {
  return conv_nd<1>("conv1d", x, weight, bias, options);
}
Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias,
              const Conv2dFuncOptions& options) {
  return conv_nd<2>("conv2d", x, weight, bias, options);
}
Tensor conv3d(const Tensor& x, const Tensor& weight, const Tensor& bias,
              const Conv3dFuncOptions& options) {
  return conv_nd<3>("conv3d", x, weight, bias, options);
}

Tensor conv_transpose1d(const Tensor& x, const Tensor& weight, const Tensor& bias,
                        const ConvTranspose1dFuncOptions& options) {
  return conv_transpose_nd<1>("conv_transpose1d", x, weight, bias, options);
}
Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const Tensor& bias,
                        const ConvTranspose2dFuncOptions& options) {
  return conv_transpose_nd<2>("conv_transpose2d", x, weight, bias, options);
}
Tensor conv_transpose3d(const Tensor& x, const Tensor& weight, const Tensor& bias,
                        const ConvTranspose3dFuncOptions& options) {
  return conv_transpose_nd<3>("conv_transpose3d", x, weight, bias, options);
}

}  // namespace tapehead

// matmul, linear.
#include "tapehead/autograd/ops/matmul.h"

#include <fmt/format.h>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/contraction.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/matmul.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

// [..., C] as [rows, C].
Tensor rows_of(const Tensor& x) {
  if (x.dim() == 2) return x;
  int64_t rows = 1;
  for (int i = 0; i + 1 < x.dim(); ++i) rows *= x.shape()[i];
  return x.reshape({rows, x.size(-1)});
}

// [..., M, K] x [..., K, N]; both operands have at least two axes and the same dtype.
struct Matmul : BroadcastingOp {
  static constexpr const char* kName = "matmul";
  Tensor forward(const Tensor& a, const Tensor& b) {
    save(a), save(b);
    return core::matmul(kName, a, b);
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    const Tensor a = saved(0), b = saved(1);
    std::array<Tensor, 2> grads;
    // If b is broadcast over the batch, its gradient is one product that includes the sum.
    const bool one_b = b.dim() == 2 && a.dim() > 2;
    const Tensor rows = one_b ? rows_of(a) : a;
    const Tensor drows = one_b ? rows_of(dy) : dy;
    if (needs_grad(0) && !add(0, a, dy.transpose(-1, -2), b.transpose(-1, -2)))
      grads[0] = matmul(dy, b.transpose(-1, -2));
    if (needs_grad(1) && !add(1, b, rows, drows)) grads[1] = matmul(rows.transpose(-1, -2), drows);
    return grads;
  }

 private:
  // Passes the gradient of operand i to the engine as the product a' b, unless it is broadcast.
  bool add(size_t i, const Tensor& operand, const Tensor& a, const Tensor& b) const {
    const Shape batch = core::batch_of(operand);
    return core::batch_of(a) == batch && core::batch_of(b) == batch && accumulate_matmul(i, a, b);
  }
};

// y = x W' + b with x [..., C], W [N, C], b [N].
struct Linear : CustomOp {
  static constexpr const char* kName = "linear";
  DType weight_type = f32;
  static constexpr Batching kBatching = Batching::adjusted;
  static bool batch(const Batch& b, Tensor&, Tensor&, Tensor&) {
    return !b.is_mapped[1] && !b.is_mapped[2];
  }
  Tensor forward(const Tensor& x, const Tensor& weight, const Tensor& bias) {
    save(x), save(weight);
    weight_type = weight.dtype();
    return core::linear(x, weight, bias);
  }
  std::array<Tensor, 3> backward(const Tensor& dy) const {
    std::array<Tensor, 3> grads;
    const Tensor dy_rows = rows_of(dy);
    // Of bf16 activations, and a weight that may be f32, as its gradient then is.
    const auto product = [](const Tensor& a, const Tensor& b, DType dtype) {
      return is_grad_enabled() || (dtype != f32 && dtype != bf16)
                 ? matmul(a, b)
                 : core::matmul(kName, a, b, dtype);
    };
    if (needs_grad(0)) {
      const Tensor weight = saved(1);
      grads[0] = product(dy_rows, weight, gradient_type(0));
      if (dy.dim() != 2) {
        Shape shape = dy.shape();
        shape[shape.rank() - 1] = weight.size(1);
        grads[0] = grads[0].reshape(shape);
      }
    }
    if (needs_grad(1)) {
      const Tensor rows = rows_of(saved(0));
      if (!accumulate_matmul(1, dy_rows, rows))
        grads[1] = product(dy_rows.transpose(0, 1), rows, weight_type);
    }
    if (needs_grad(2)) grads[2] = sum_to(dy_rows, {dy_rows.size(1)});
    return grads;
  }
};

DType product_type(const Tensor& a, const Tensor& b) {
  return detail::autocasts(a, b) ? detail::autocast_mode : core::result_type(a, b);
}

// x W' with weights of each element of vmap(), whose gradient is then not a transposed one.
Tensor linear_of_each(const Tensor& x, const Tensor& weight) {
  if (x.dim() == 1) return matmul(weight, x);
  Shape shape = x.shape();
  shape[x.dim() - 1] = weight.size(0);
  return matmul(weight, rows_of(x).transpose(0, 1)).transpose(0, 1).reshape(shape);
}

}  // namespace

void detail::check_product_type(const char* op, DType dtype) {
  if (dtype == boolean || dtype == u8)
    throw DTypeError(fmt::format("{}: {} is not supported; convert with to(f32)", op, name(dtype)));
}

Tensor matmul(const Tensor& a, const Tensor& b) {
  if (a.dim() == 0 || b.dim() == 0)
    throw ShapeError(
        fmt::format("matmul: a is {}, b is {}; both need at least one axis, use * to scale",
                    a.shape().str(), b.shape().str()));
  const DType dtype = product_type(a, b);
  detail::check_product_type("matmul", dtype);
  Tensor x = a.to(dtype), y = b.to(dtype);
  if (x.dim() == 1) x = x.unsqueeze(0);
  if (y.dim() == 1) y = y.unsqueeze(1);
  Tensor out = apply<Matmul>(x, y);
  if (b.dim() == 1) out = out.squeeze(-1);
  if (a.dim() == 1) out = out.squeeze(b.dim() == 1 ? -1 : -2);
  return out;
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  if (weight.dim() != 2 || x.dim() == 0 || x.size(-1) != weight.size(1))
    throw ShapeError(
        fmt::format("linear: x is {}, weight is {}; x.size(-1) must equal weight.size(1)",
                    x.shape().str(), weight.shape().str()));
  if (bias.defined() && bias.shape() != Shape{weight.size(0)})
    throw ShapeError(fmt::format("linear: bias is {}, weight is {}; bias must be [{}]",
                                 bias.shape().str(), weight.shape().str(), weight.size(0)));
  if (detail::autocasts(x, weight) && !detail::any_mapped(weight, bias))
    return apply<Linear>(detail::autocast(x), weight, bias);
  const DType dtype = product_type(x, weight);
  detail::check_product_type("linear", dtype);
  if (detail::any_mapped(weight, bias)) [[unlikely]] {
    const Tensor y = linear_of_each(x.to(dtype), weight.to(dtype));
    return bias.defined() ? y + bias.to(dtype) : y;
  }
  return apply<Linear>(x.to(dtype), weight.to(dtype), bias.defined() ? bias.to(dtype) : bias);
}

}  // namespace tapehead

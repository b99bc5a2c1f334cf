// Elementwise losses with fused kernels.
//
// A loss is a struct of its name, its kernel, and its derivatives with respect to the input x and
// the target y, written with differentiable ops for second derivatives:
//
//   struct MseLoss {
//     static constexpr const char* kName = "mse_loss";
//     static constexpr auto kKernel = kernels::PointwiseLoss::mse;
//     static Derivatives derivatives(const Tensor& x, const Tensor& y, const LossNumbers&);
//   };
//   apply_pointwise<MseLoss>(x, y, reduction)
#pragma once

#include <array>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/loss.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"

namespace tapehead::kernels {
enum class PointwiseLoss : uint8_t;
}

namespace tapehead::detail {

using LossNumbers = std::array<double, 2>;  ///< the parameters of a kernel
using Derivatives = std::array<Tensor, 2>;  ///< undefined for an operand without a gradient

/// Operands are f32 or f64, of one dtype and shape. Nothing is recorded.
Tensor pointwise_loss(kernels::PointwiseLoss kernel, const Tensor& x, const Tensor& y,
                      const LossNumbers& numbers, Reduction reduction);
/// The gradient of operand 0 or 1.
Tensor pointwise_loss_gradient(kernels::PointwiseLoss kernel, int operand, const Tensor& dloss,
                               const Tensor& x, const Tensor& y, const LossNumbers& numbers,
                               Reduction reduction);

template <class Loss>
struct PointwiseLossOp : CustomOp {
  static constexpr const char* kName = Loss::kName;
  static constexpr Batching kBatching = Batching::adjusted;
  LossNumbers numbers{};
  Reduction reduction = Reduction::mean;

  static bool batch(const Batch& b, Tensor& x, Tensor& y, const LossNumbers&, Reduction how) {
    x = b.expanded(x, 0), y = b.expanded(y, 1);
    return how == Reduction::none;
  }
  Tensor forward(const Tensor& x, const Tensor& y, const LossNumbers& k, Reduction how) {
    save(x), save(y);
    numbers = k, reduction = how;
    return pointwise_loss(Loss::kKernel, x, y, k, how);
  }
  Derivatives backward(const Tensor& dloss) const {
    const Tensor x = saved(0), y = saved(1);
    Derivatives out;
    if (is_grad_enabled()) {
      const bool mean = reduction == Reduction::mean;
      const Tensor each = mean ? dloss / static_cast<double>(x.numel()) : dloss;
      out = Loss::derivatives(x, y, numbers);
      for (Tensor& d : out)
        if (d.defined()) d = each * d;
      return out;
    }
    for (int i = 0; i < 2; ++i)
      if (needs_grad(static_cast<size_t>(i)))
        out[static_cast<size_t>(i)] =
            pointwise_loss_gradient(Loss::kKernel, i, dloss, x, y, numbers, reduction);
    return out;
  }
};

/// Computes in f32 or f64, and returns the promoted dtype of x and y, which have equal shapes, or
/// f32 instead of bf16 if autocast is on.
template <class Loss>
Tensor apply_pointwise(const Tensor& x, const Tensor& y, Reduction reduction,
                       const LossNumbers& numbers = {}) {
  if (reduction != Reduction::none && any_mapped(x, y)) [[unlikely]]
    return reduced(apply_pointwise<Loss>(x, y, Reduction::none, numbers), reduction);
  const DType given = in_f32(core::result_type(x, y)), wide = wide_type(given);
  const Tensor out = apply<PointwiseLossOp<Loss>>(x.to(wide), y.to(wide), numbers, reduction);
  return is_floating(given) ? out.to(given) : out;
}

}  // namespace tapehead::detail

// mse_loss, l1_loss, smooth_l1_loss, huber_loss.
#include "tapehead/autograd/ops/losses.h"

#include <fmt/format.h>

#include "tapehead/autograd/detail/loss.h"
#include "tapehead/autograd/detail/pointwise_loss.h"
#include "tapehead/autograd/ops/pointwise_loss_kernel.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

using detail::apply_pointwise;
using detail::Derivatives;
using detail::LossNumbers;
using kernels::PointwiseLoss;

struct MseLoss {
  static constexpr const char* kName = "mse_loss";
  static constexpr auto kKernel = PointwiseLoss::mse;
  static Derivatives derivatives(const Tensor& x, const Tensor& y, const LossNumbers&) {
    const Tensor dx = 2 * (x - y);
    return {dx, -dx};
  }
};

struct L1Loss {
  static constexpr const char* kName = "l1_loss";
  static constexpr auto kKernel = PointwiseLoss::l1;
  static Derivatives derivatives(const Tensor& x, const Tensor& y, const LossNumbers&) {
    const Tensor dx = sign(x - y);
    return {dx, -dx};
  }
};

struct SmoothL1Loss {
  static constexpr const char* kName = "smooth_l1_loss";
  static constexpr auto kKernel = PointwiseLoss::smooth_l1;
  static Derivatives derivatives(const Tensor& x, const Tensor& y, const LossNumbers& k) {
    const Tensor dx = clamp((x - y) / k[0], -1, 1);
    return {dx, -dx};
  }
};

struct HuberLoss {
  static constexpr const char* kName = "huber_loss";
  static constexpr auto kKernel = PointwiseLoss::huber;
  static Derivatives derivatives(const Tensor& x, const Tensor& y, const LossNumbers& k) {
    const Tensor dx = clamp(x - y, -k[0], k[0]);
    return {dx, -dx};
  }
};

}  // namespace

Tensor mse_loss(const Tensor& input, const Tensor& target, Reduction reduction) {
  detail::check_same_shape(MseLoss::kName, input, target);
  return apply_pointwise<MseLoss>(input, target, reduction);
}

Tensor l1_loss(const Tensor& input, const Tensor& target, Reduction reduction) {
  detail::check_same_shape(L1Loss::kName, input, target);
  return apply_pointwise<L1Loss>(input, target, reduction);
}

Tensor smooth_l1_loss(const Tensor& input, const Tensor& target,
                      const SmoothL1LossOptions& options) {
  if (!(options.beta >= 0))
    throw ValueError(fmt::format("smooth_l1_loss: beta = {} is negative", options.beta));
  detail::check_same_shape(SmoothL1Loss::kName, input, target);
  if (options.beta == 0) return l1_loss(input, target, options.reduction);
  return apply_pointwise<SmoothL1Loss>(input, target, options.reduction, {options.beta});
}

Tensor huber_loss(const Tensor& input, const Tensor& target, const HuberLossOptions& options) {
  if (!(options.delta > 0))
    throw ValueError(fmt::format("huber_loss: delta = {} is not positive", options.delta));
  detail::check_same_shape(HuberLoss::kName, input, target);
  return apply_pointwise<HuberLoss>(input, target, options.reduction, {options.delta});
}

}  // namespace tapehead

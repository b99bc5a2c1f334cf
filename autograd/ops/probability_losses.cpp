#include "tapehead/autograd/ops/probability_losses.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/detail/loss.h"
#include "tapehead/autograd/detail/pointwise_loss.h"
#include "tapehead/autograd/ops/pointwise_loss_kernel.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

using detail::apply_pointwise;
using detail::check_same_shape;
using detail::Derivatives;
using detail::LossNumbers;
using detail::reduced;
using kernels::PointwiseLoss;

struct Bce {
  static constexpr const char* kName = "binary_cross_entropy";
  static constexpr auto kKernel = PointwiseLoss::bce;
  static Derivatives derivatives(const Tensor& x, const Tensor& y, const LossNumbers&) {
    return {(x - y) / maximum(x * (1 - x), static_cast<double>(1e-12F)),
            maximum(log(1 - x), -100) - maximum(log(x), -100)};
  }
};

struct BceWithLogits {
  static constexpr const char* kName = "binary_cross_entropy_with_logits";
  static constexpr auto kKernel = PointwiseLoss::bce_logits;
  static Derivatives derivatives(const Tensor& x, const Tensor& y, const LossNumbers&) {
    return {sigmoid(x) - y, -x};
  }
};

struct SigmoidFocal {
  static constexpr const char* kName = "sigmoid_focal_loss";
  static constexpr auto kKernel = PointwiseLoss::focal;
  static Derivatives derivatives(const Tensor& x, const Tensor& y, const LossNumbers& k) {
    const auto [alpha, gamma] = k;
    const Tensor p = sigmoid(x), miss = p * (1 - y) + (1 - p) * y;
    const Tensor entropy = y * softplus(-x) + (1 - y) * softplus(x);
    const Tensor power = pow(miss, gamma);
    const Tensor power_slope = gamma == 0 ? 0 * p : gamma * pow(miss, gamma - 1);
    Tensor dx = (p - y) * power + entropy * power_slope * p * (1 - p) * (1 - 2 * y);
    Tensor dy = entropy * power_slope * (1 - 2 * p) - x * power;
    if (alpha < 0) return {dx, dy};
    const Tensor weight = alpha * y + (1 - alpha) * (1 - y);
    return {weight * dx, weight * dy + (2 * alpha - 1) * entropy * power};
  }
};

struct KlDiv {
  static constexpr const char* kName = "kl_div";
  static constexpr auto kKernel = PointwiseLoss::kl_div;
  static Derivatives derivatives(const Tensor& x, const Tensor& y, const LossNumbers&) {
    const Tensor zero = y == 0;  // 0 log 0 is 0
    return {-y, where(zero, -x, log(masked_fill(y, zero, 1)) + 1 - x)};
  }
};

struct KlDivLogTarget {
  static constexpr const char* kName = "kl_div";
  static constexpr auto kKernel = PointwiseLoss::kl_div_log_target;
  static Derivatives derivatives(const Tensor& x, const Tensor& y, const LossNumbers&) {
    const Tensor p = exp(y);
    return {-p, p * (y - x + 1)};
  }
};

struct PoissonLogInput {
  static constexpr const char* kName = "poisson_nll_loss";
  static constexpr auto kKernel = PointwiseLoss::poisson_log_input;
  static Derivatives derivatives(const Tensor& x, const Tensor& y, const LossNumbers&) {
    return {exp(x) - y, -x};
  }
};

struct PoissonRate {
  static constexpr const char* kName = "poisson_nll_loss";
  static constexpr auto kKernel = PointwiseLoss::poisson;
  static Derivatives derivatives(const Tensor& x, const Tensor& y, const LossNumbers& k) {
    const Tensor rate = x + k[0];
    return {1 - y / rate, -log(rate)};
  }
};

// x is the difference of input and target, y the variance.
struct GaussianVariance {
  static constexpr const char* kName = "gaussian_nll_loss";
  static constexpr auto kKernel = PointwiseLoss::gaussian;
  static Derivatives derivatives(const Tensor& x, const Tensor& y, const LossNumbers& k) {
    // max(y, eps) with the gradient of y
    const Tensor variance = y + relu(k[0] - y.detach());
    return {x / variance, 0.5 * (1 - square(x) / variance) / variance};
  }
};

Tensor weighted(const char* op, const Tensor& losses, const Tensor& weight, Reduction reduction) {
  detail::check_weight_broadcasts(op, weight, losses.shape());
  return reduced(losses * weight, reduction);
}

// log(target!) by Stirling's approximation for targets above 1; it is 0 for 0 and 1.
Tensor stirling(const Tensor& target) {
  const Tensor large = target > 1, t = where(large, target, 1);
  return where(large, t * log(t) - t + 0.5 * log(2 * std::numbers::pi * t), 0);
}

// The variance in the shape of the input.
Tensor full_variance(const Tensor& var, const Tensor& input) {
  const Shape& shape = input.shape();
  if (core::is_number(var)) return broadcast_to(var.to(input.dtype()), shape);
  if (var.shape() == shape) return var;
  Shape rows = shape;
  if (shape.rank() > 0) rows.erase(shape.rank() - 1);
  if (shape.rank() > 0 && var.shape() == rows) return broadcast_to(var.unsqueeze(-1), shape);
  int ones = 0, others = 0;
  for (int i = 0; i < shape.rank() && var.dim() == shape.rank(); ++i)
    if (var.size(i) != shape[i]) ++(var.size(i) == 1 ? ones : others);
  if (ones != 1 || others != 0)
    throw ShapeError(fmt::format(
        "gaussian_nll_loss: the variance has shape {}, the input {}; they must be equal, or the "
        "variance must lack the last axis or have one axis of size 1",
        var.shape().str(), shape.str()));
  return broadcast_to(var, shape);
}

}  // namespace

Tensor binary_cross_entropy(const Tensor& input, const Tensor& target,
                            const BCELossOptions& options) {
  check_same_shape(Bce::kName, input, target);
  detail::check_range(Bce::kName, "input", input, 0, 1,
                      "is not a probability; pass logits to binary_cross_entropy_with_logits()");
  if (!options.weight.defined()) return apply_pointwise<Bce>(input, target, options.reduction);
  return weighted(Bce::kName, apply_pointwise<Bce>(input, target, Reduction::none), options.weight,
                  options.reduction);
}

Tensor binary_cross_entropy_with_logits(const Tensor& given_logits, const Tensor& target,
                                        const BCEWithLogitsLossOptions& options) {
  constexpr const char* kName = BceWithLogits::kName;
  const Tensor logits = detail::in_f32(given_logits);
  check_same_shape(kName, "logits have", logits, "the target", target);
  if (!options.pos_weight.defined() && !options.weight.defined())
    return apply_pointwise<BceWithLogits>(logits, target, options.reduction);
  Tensor losses = apply_pointwise<BceWithLogits>(logits, target, Reduction::none);
  if (options.pos_weight.defined()) {
    detail::check_weight_broadcasts(kName, options.pos_weight, logits.shape());
    losses = losses + (options.pos_weight - 1) * target * softplus(-logits);
  }
  if (!options.weight.defined()) return reduced(losses, options.reduction);
  return weighted(kName, losses, options.weight, options.reduction);
}

Tensor sigmoid_focal_loss(const Tensor& logits, const Tensor& target,
                          const SigmoidFocalLossOptions& options) {
  constexpr const char* kName = SigmoidFocal::kName;
  const auto [alpha, gamma, reduction] = options;
  if (!(alpha >= 0 && alpha <= 1) && alpha != -1)
    throw ValueError(
        fmt::format("{}: alpha = {} is outside 0..1; pass -1 for equal weights", kName, alpha));
  if (!(gamma >= 0)) throw ValueError(fmt::format("{}: gamma = {} is negative", kName, gamma));
  check_same_shape(kName, "logits have", logits, "the target", target);
  return apply_pointwise<SigmoidFocal>(logits, target, reduction, {alpha, gamma});
}

Tensor kl_div(const Tensor& log_probs, const Tensor& target, const KLDivLossOptions& options) {
  check_same_shape(KlDiv::kName, "log_probs have", log_probs, "the target", target);
  const auto divergence = [&](Reduction reduction) {
    return options.log_target ? apply_pointwise<KlDivLogTarget>(log_probs, target, reduction)
                              : apply_pointwise<KlDiv>(log_probs, target, reduction);
  };
  switch (options.reduction) {
    case KLDivReduction::none: return divergence(Reduction::none);
    case KLDivReduction::sum: return divergence(Reduction::sum);
    case KLDivReduction::mean: return divergence(Reduction::mean);
    case KLDivReduction::batchmean: break;
  }
  if (log_probs.dim() == 0)
    throw ShapeError(
        "kl_div: batchmean of a 0-d tensor; the first axis must be the batch, so pass "
        "KLDivReduction::sum");
  return divergence(Reduction::sum) / static_cast<double>(log_probs.size(0));
}

Tensor poisson_nll_loss(const Tensor& input, const Tensor& target,
                        const PoissonNLLLossOptions& options) {
  check_same_shape(PoissonRate::kName, input, target);
  const auto loss = [&](Reduction reduction) {
    return options.log_input
               ? apply_pointwise<PoissonLogInput>(input, target, reduction)
               : apply_pointwise<PoissonRate>(input, target, reduction, {options.eps});
  };
  if (!options.full) return loss(options.reduction);
  return reduced(loss(Reduction::none) + stirling(target.to(detail::in_f32(input.dtype()))),
                 options.reduction);
}

Tensor gaussian_nll_loss(const Tensor& input, const Tensor& target, const Tensor& var,
                         const GaussianNLLLossOptions& options) {
  constexpr const char* kName = GaussianVariance::kName;
  if (!(options.eps > 0))
    throw ValueError(fmt::format("{}: eps = {} is not positive", kName, options.eps));
  check_same_shape(kName, input, target);
  detail::check_range(kName, "var", var, 0, std::numeric_limits<double>::infinity(),
                      "is negative or NaN");
  const Tensor difference = detail::in_f32(input) - detail::in_f32(target);
  const Tensor variance = full_variance(var, input);
  const double constant = options.full ? 0.5 * std::log(2 * std::numbers::pi) : 0;
  return apply_pointwise<GaussianVariance>(difference, variance, options.reduction,
                                           {options.eps, constant});
}

}  // namespace tapehead

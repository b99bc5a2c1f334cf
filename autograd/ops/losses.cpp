// mse_loss, l1_loss, smooth_l1_loss, huber_loss, bce_with_logits, kl_div.
#include "tapehead/autograd/ops/losses.h"

#include <fmt/format.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

void check_alike(const char* op, const char* first, const Tensor& input, const Tensor& target) {
  if (input.shape() != target.shape())
    throw ShapeError(
        fmt::format("{}: {} shape {}, the target {}; they must be equal, so reshape or "
                    "expand one of them",
                    op, first, input.shape().str(), target.shape().str()));
}

Tensor reduced(const Tensor& losses, Reduction reduction) {
  if (reduction == Reduction::none) return losses;
  return reduction == Reduction::mean ? mean(losses) : sum(losses);
}

// Half the squared distance up to `end`, then linear: huber_loss. The masking avoids NaN gradients
// (inf times 0) from overflowing squares of large distances.
Tensor huber(const Tensor& input, const Tensor& target, double end) {
  const Tensor distance = abs(input - target), far = distance > end;
  return where(far, end * (distance - 0.5 * end), 0.5 * square(masked_fill(distance, far, 0)));
}

}  // namespace

Tensor mse_loss(const Tensor& input, const Tensor& target, Reduction reduction) {
  check_alike("mse_loss", "the input has", input, target);
  return reduced(square(input - target), reduction);
}

Tensor l1_loss(const Tensor& input, const Tensor& target, Reduction reduction) {
  check_alike("l1_loss", "the input has", input, target);
  return reduced(abs(input - target), reduction);
}

Tensor smooth_l1_loss(const Tensor& input, const Tensor& target, const SmoothL1Options& options) {
  if (!(options.beta >= 0))
    throw ValueError(fmt::format("smooth_l1_loss: beta = {} is negative", options.beta));
  check_alike("smooth_l1_loss", "the input has", input, target);
  if (options.beta == 0) return l1_loss(input, target, options.reduction);
  return reduced(huber(input, target, options.beta) / options.beta, options.reduction);
}

Tensor huber_loss(const Tensor& input, const Tensor& target, const HuberOptions& options) {
  if (!(options.delta > 0))
    throw ValueError(fmt::format("huber_loss: delta = {} is not positive", options.delta));
  check_alike("huber_loss", "the input has", input, target);
  return reduced(huber(input, target, options.delta), options.reduction);
}

// -log sigmoid(x) = softplus(-x) and -log(1 - sigmoid(x)) = softplus(x), so all terms have the same
// sign and do not cancel.
Tensor bce_with_logits(const Tensor& logits, const Tensor& target, const BceOptions& options) {
  check_alike("bce_with_logits", "logits have", logits, target);
  Tensor positive = target * softplus(-logits);
  if (options.pos_weight.defined()) positive = positive * options.pos_weight;
  Tensor losses = positive + (1 - target) * softplus(logits);
  if (options.weight.defined()) losses = losses * options.weight;
  return reduced(losses, options.reduction);
}

Tensor kl_div(const Tensor& log_probs, const Tensor& target, const KlDivOptions& options) {
  check_alike("kl_div", "log_probs have", log_probs, target);
  if (options.log_target) return reduced(exp(target) * (target - log_probs), options.reduction);
  const Tensor log_target = log(where(target > 0, target, 1));  // 0 log 0 is 0
  return reduced(target * (log_target - log_probs), options.reduction);
}

}  // namespace tapehead

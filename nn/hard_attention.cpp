#include "tapehead/nn/hard_attention.h"

#include <fmt/format.h>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"

namespace tapehead::nn {
namespace {

constexpr const char* kHardAttention = "hard_attention_loss";

void check_output(const AttentionDecoderOutput& out, const Tensor& target) {
  if (!out.choices.defined())
    throw ValueError(fmt::format("{}: the decoder made no choices; make it with the option `hard`",
                                 kHardAttention));
  if (out.logits.dim() != 3 || out.weights.dim() != 3 || target.dim() != 2 ||
      out.choices.shape() != target.shape() || out.logits.size(0) != target.size(0) ||
      out.logits.size(1) != target.size(1) || out.weights.size(0) != target.size(0) ||
      out.weights.size(1) != target.size(1))
    throw ShapeError(fmt::format(
        "{}: logits are {}, weights {}, choices {}, the target {}; expected [B, T, V], [B, T, S], "
        "[B, T] and [B, T]",
        kHardAttention, out.logits.shape().str(), out.weights.shape().str(),
        out.choices.shape().str(), target.shape().str()));
}

// Of each row of weights [..., S]; those that are 0 have no logarithm.
Tensor entropy(const Tensor& weights) {
  return -sum(weights * log(masked_fill(weights, weights == 0, 1)), {-1});
}

}  // namespace

HardAttentionLoss::HardAttentionLoss(const Scope& at, const HardAttentionLossOptions& options)
    : at_(at), options_(options) {
  if (!(options.decay >= 0 && options.decay <= 1))
    throw ValueError(fmt::format("{}: decay = {} is outside 0..1 (in {})", kHardAttention,
                                 options.decay, at.path()));
  baseline = at.buffer("baseline", zeros({}));
}

Tensor HardAttentionLoss::operator()(const AttentionDecoderOutput& out, const Tensor& target,
                                     int64_t pad) const {
  return call_at(at_, [&] {
    check_output(out, target);
    const Tensor padding = target == pad;
    const auto total = [&](const Tensor& steps) {
      return sum(masked_fill(steps, padding, 0), {1});
    };
    const Tensor likelihood = -total(cross_entropy(
        out.logits, target, {.ignore_index = pad, .reduction = Reduction::none}));  // [B]
    const Tensor chosen = total(log(gather(out.weights, 2, out.choices.unsqueeze(-1)).squeeze(-1)));
    Tensor advantage = (likelihood - baseline).detach();
    if (out.expected.defined()) advantage = masked_fill(advantage, out.expected, 0);
    // Of value 0, with the gradient of advantage * chosen.
    const Tensor reward = advantage * (chosen - chosen.detach());
    const Tensor tokens = sum((~padding).to(i64)).to(likelihood.dtype());
    const Tensor gain =
        likelihood + options_.reward * reward + options_.entropy * total(entropy(out.weights));
    if (at_.training()) update_baseline(likelihood.detach(), out.expected);
    return -sum(gain) / tokens;
  });
}

// With the mean likelihood [B] of the rows whose positions were drawn.
void HardAttentionLoss::update_baseline(const Tensor& likelihood, const Tensor& expected) const {
  const NoGradGuard off;
  Tensor drawn = likelihood;
  if (expected.defined()) drawn = masked_select(likelihood, ~expected);
  if (drawn.numel() == 0) return;
  baseline.copy_(lerp(mean(drawn).to(baseline.dtype()), baseline, options_.decay));
}

}  // namespace tapehead::nn

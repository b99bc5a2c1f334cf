// Training of hard attention: Xu et al. 2015, "Show, attend and tell", sec. 4.1.
//
// B batch, T tokens, S positions of the memory, V vocabulary.
#pragma once

#include "tapehead/nn/attention_decoder.h"
#include "tapehead/nn/params.h"

namespace tapehead::nn {

struct HardAttentionLossOptions {
  double reward = 1;       ///< weight of the reward's gradient, lambda_r of the paper
  double entropy = 0.002;  ///< weight of the entropy of the weights, lambda_e of the paper
  double decay = 0.9;      ///< of the moving average of the baseline
};

/// The loss of an AttentionDecoder with hard attention. Its gradient is the REINFORCE estimator
/// (Williams 1992) of that of -log p(y), or rather of its bound, sum_s p(s) log p(y | s):
///
///   -(d log p(y | s) + lambda_r (log p(y | s) - b) d log p(s) + lambda_e d H(s)),
///
/// divided by the number of tokens, where y is the target of a row of the batch, s the positions
/// that were drawn, H(s) the sum over the steps of the entropies of the weights, and b the
/// baseline, a moving average of log p(y | s): in training, each call changes it to decay b +
/// (1 - decay) mean log p(y | s) after it was used. Tokens that are padding do not count. Rows with
/// the expected context (TeacherForcingOptions::expected) have no reward and do not change the
/// baseline: their likelihood is differentiable. Buffer: `baseline`.
/// Example: nn::HardAttentionLoss(at)({.logits = randn({2, 3, 9}), .weights = full({2, 3, 4},
///     0.25), .gate = {}, .choices = randint(4, {2, 3})}, randint(9, {2, 3}))  // shape []
class HardAttentionLoss {
 public:
  /// Throws ValueError for a decay outside 0..1.
  explicit HardAttentionLoss(const Scope& at, const HardAttentionLossOptions& options = {});

  /// The target i64 [B, T] is the token that follows each of those that the decoder read. The value
  /// is -(log p(y | s) + lambda_e H(s)), without the term of the reward. Throws ShapeError for
  /// shapes that do not match, ValueError for an output without choices.
  Tensor operator()(const AttentionDecoderOutput& out, const Tensor& target, int64_t pad = 0) const;

  Tensor baseline;  ///< b, a scalar

 private:
  void update_baseline(const Tensor& likelihood, const Tensor& expected) const;

  Scope at_;
  HardAttentionLossOptions options_;
};

}  // namespace tapehead::nn

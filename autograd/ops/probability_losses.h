// Negative log-likelihoods of distributions other than over classes
// (ops/probability_losses.cpp).
//
// Elementwise. Input and target must have the same shape, else ShapeError is thrown: they do not
// broadcast. They are floating, else DTypeError is thrown. The result has that shape for
// Reduction::none; else it is 0-d. Weights broadcast to the shape of the input.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

struct BCELossOptions {
  Tensor weight;  ///< weight of each element; undefined for equal weights
  Reduction reduction = Reduction::mean;
};
/// -target log(input) - (1 - target) log(1 - input), for probabilities `input`. As in PyTorch, logs
/// are at least -100, so that the loss of 0 and 1 is finite. Throws ValueError if an input is not
/// within 0..1. Prefer binary_cross_entropy_with_logits(), which is more precise.
/// Example: binary_cross_entropy(tensor({0.9, 0.2}), tensor({1.0, 0.0}))  // 0.1643
Tensor binary_cross_entropy(const Tensor& input, const Tensor& target,
                            const BCELossOptions& options = {});

struct BCEWithLogitsLossOptions {
  Tensor weight;      ///< weight of each element; undefined for equal weights
  Tensor pos_weight;  ///< weight of positive targets, such as [C] for a target [B, C]
  Reduction reduction = Reduction::mean;
};
/// -target log(sigmoid(logits)) - (1 - target) log(1 - sigmoid(logits)), computed without overflow.
/// Example: binary_cross_entropy_with_logits(tensor({2.0, -200.0}), tensor({1.0, 0.0}))  // 0.0635
Tensor binary_cross_entropy_with_logits(const Tensor& logits, const Tensor& target,
                                        const BCEWithLogitsLossOptions& options = {});

struct SigmoidFocalLossOptions {
  double alpha = 0.25;  ///< weight of positive targets, 1 - alpha of negative ones; -1: no weights
  double gamma = 2;     ///< exponent that lowers the weight of well-classified elements
  Reduction reduction = Reduction::none;
};
/// binary_cross_entropy_with_logits() times (1 - p)^gamma, where p is the probability given to the
/// target, and times the weight of the target; torchvision.ops.sigmoid_focal_loss, whose default is
/// not to reduce. Throws ValueError unless alpha is within 0..1 or -1, and gamma >= 0. Lin et al.
/// 2017.
/// Example: sigmoid_focal_loss(tensor({2.0, -2.0}), tensor({1.0, 1.0}))  // [0.0005, 0.4125]
Tensor sigmoid_focal_loss(const Tensor& logits, const Tensor& target,
                          const SigmoidFocalLossOptions& options = {});

/// Reduction, or the mean divergence per row: the sum divided by the size of the first axis.
enum class KLDivReduction : uint8_t { mean, sum, none, batchmean };
struct KLDivLossOptions {
  bool log_target = false;  ///< the target is given as log-probabilities
  KLDivReduction reduction = KLDivReduction::mean;
};
/// Pointwise KL divergence, target (log(target) - log_probs); 0 where the target is 0. As in
/// PyTorch, the mean is over all elements; the divergence is that of KLDivReduction::batchmean,
/// which throws ShapeError for a 0-d input.
/// Example: kl_div(randn({8, 10}).log_softmax(-1), randn({8, 10}).softmax(-1),
///     {.reduction = KLDivReduction::batchmean})  // shape []
Tensor kl_div(const Tensor& log_probs, const Tensor& target, const KLDivLossOptions& options = {});

struct PoissonNLLLossOptions {
  bool log_input = true;  ///< the input is the log of the rate
  bool full = false;      ///< add the approximation of log(target!) by Stirling, for targets > 1
  double eps = 1e-8;      ///< added to the rate before its log, if not log_input
  Reduction reduction = Reduction::mean;
};
/// Negative log-likelihood of a Poisson distribution without the constant log(target!):
/// exp(input) - target input, or input - target log(input + eps).
/// Example: poisson_nll_loss(tensor({0.0, 1.0}), tensor({1.0, 3.0}))  // 0.3591
Tensor poisson_nll_loss(const Tensor& input, const Tensor& target,
                        const PoissonNLLLossOptions& options = {});

struct GaussianNLLLossOptions {
  bool full = false;  ///< add the constant log(2 pi) / 2
  double eps = 1e-6;  ///< lower bound of the variance
  Reduction reduction = Reduction::mean;
};
/// Negative log-likelihood of a normal distribution without its constant: (log(v) + (input -
/// target)² / v) / 2 with v = max(var, eps). `var` has the shape of the input, or that without the
/// last axis, or with one axis of size 1, or is a number. The bound does not stop the gradient of
/// `var`. Throws ValueError for a negative variance and unless eps > 0, ShapeError for other
/// shapes. Nix and Weigend 1994.
/// Example: gaussian_nll_loss(tensor({0.0, 1.0}), tensor({1.0, 1.0}), tensor({1.0, 4.0}))
///     // 0.5966
Tensor gaussian_nll_loss(const Tensor& input, const Tensor& target, const Tensor& var,
                         const GaussianNLLLossOptions& options = {});

}  // namespace tapehead

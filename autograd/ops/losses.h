// Losses over classes, and of distances. See also probability_losses.h, margin_losses.h,
// ctc_loss.h.
//
// Predictions are floating; others throw DTypeError, shapes that do not fit ShapeError.
//
// B batch size, C classes, D features.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

struct CrossEntropyLossOptions {
  Tensor weight;                ///< [C]: weight of each class; undefined for equal weights
  int64_t ignore_index = -100;  ///< targets with this value are ignored, such as padding
  double label_smoothing = 0;   ///< share of the target spread evenly over all classes
  Reduction reduction = Reduction::mean;
  int64_t class_axis = -1;  ///< axis of the classes; 1 for PyTorch's layout, [B, C, ...]
};
/// -log softmax(logits)[target], for logits [..., C] and a target of class indices [...] or of
/// probabilities [..., C], or in the layout of class_axis. The mean divides by the total weight of
/// the targets that are not ignored (NaN if there are none); for probabilities, by the number of
/// rows. Throws IndexError, naming the first one, if a target is outside 0..C-1.
/// (ops/cross_entropy.cpp)
/// Example: cross_entropy(randn({8, 10}), randint(10, {8}), {.label_smoothing = 0.1})  // shape []
Tensor cross_entropy(const Tensor& logits, const Tensor& target,
                     const CrossEntropyLossOptions& options = {});

struct NLLLossOptions {
  Tensor weight;
  int64_t ignore_index = -100;
  Reduction reduction = Reduction::mean;
};
/// The negative log-likelihood -log_probs[target], for log_probs [..., C] and target [...];
/// cross_entropy() is nll_loss() of log_softmax(). (ops/nll_loss.cpp)
/// Example: nll_loss(randn({8, 10}).log_softmax(-1), randint(10, {8}))  // shape []
Tensor nll_loss(const Tensor& log_probs, const Tensor& target, const NLLLossOptions& options = {});

// Losses of distances (ops/losses.cpp), elementwise. Input and target must have the same shape;
// they do not broadcast, since that is usually a mistake. Throws ShapeError otherwise. The result
// has that shape for Reduction::none; else it is 0-d.

/// Squared error, (input - target)².
/// Example: mse_loss(tensor({1.0, 2.0}), tensor({0.0, 4.0}))  // 2.5
Tensor mse_loss(const Tensor& input, const Tensor& target, Reduction reduction = Reduction::mean);
/// Absolute error, |input - target|.
/// Example: l1_loss(tensor({1.0, 2.0}), tensor({0.0, 4.0}), Reduction::sum)  // 3.
Tensor l1_loss(const Tensor& input, const Tensor& target, Reduction reduction = Reduction::mean);

struct SmoothL1LossOptions {
  double beta = 1;  ///< where it changes from quadratic to linear; 0: l1_loss
  Reduction reduction = Reduction::mean;
};
/// d² / (2 beta) if d = |input - target| < beta, else d - beta / 2. Throws ValueError for a
/// negative beta. Girshick 2015.
/// Example: smooth_l1_loss(tensor({1.0, 2.0}), tensor({0.5, 4.0}), {.reduction = Reduction::none})
///     // [0.125, 1.500]
Tensor smooth_l1_loss(const Tensor& input, const Tensor& target,
                      const SmoothL1LossOptions& options = {});

struct HuberLossOptions {
  double delta = 1;  ///< where it changes from quadratic to linear
  Reduction reduction = Reduction::mean;
};
/// d² / 2 if d = |input - target| < delta, else delta (d - delta / 2). Throws ValueError unless
/// delta > 0. Huber 1964.
/// Example: huber_loss(tensor({1.0, 2.0}), tensor({0.5, 4.0}), {.delta = 0.5})  // 0.5
Tensor huber_loss(const Tensor& input, const Tensor& target, const HuberLossOptions& options = {});

}  // namespace tapehead

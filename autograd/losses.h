// Losses. autograd/ops.h includes them.
//
// B batch, T time, C classes.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

struct CrossEntropyOptions {
  Tensor weight;                ///< [C]: how much each class counts; undefined for all alike
  int64_t ignore_index = -100;  ///< a target that counts for nothing, such as padding
  double label_smoothing = 0;   ///< this part of the target is spread over all classes
  Reduction reduction = Reduction::mean;
  int64_t class_axis = -1;  ///< of the logits; 1 for PyTorch's layout, [B, C, ...]
};
/// -log softmax(logits)[target]: logits [..., C], target of integers [...], or of probabilities
/// [..., C]; or in the layout of class_axis. The mean divides by the weights of the targets that
/// are not ignored (NaN if there are none); of probabilities by the number of rows. Throws
/// IndexError that names the first target outside 0..C-1. (ops/cross_entropy.cpp)
Tensor cross_entropy(const Tensor& logits, const Tensor& target,
                     const CrossEntropyOptions& options = {});

struct NllLossOptions {
  Tensor weight;
  int64_t ignore_index = -100;
  Reduction reduction = Reduction::mean;
};
/// -log_probs[target]: what cross_entropy makes of the log_softmax. (ops/nll_loss.cpp)
Tensor nll_loss(const Tensor& log_probs, const Tensor& target, const NllLossOptions& options = {});

// Losses of elements (ops/losses.cpp). Input and target have one shape: broadcasting there is
// mostly a mistake, and throws ShapeError.

/// (input - target)²
Tensor mse_loss(const Tensor& input, const Tensor& target, Reduction reduction = Reduction::mean);
/// |input - target|
Tensor l1_loss(const Tensor& input, const Tensor& target, Reduction reduction = Reduction::mean);

struct SmoothL1Options {
  double beta = 1;  ///< where the square ends; 0 for l1_loss
  Reduction reduction = Reduction::mean;
};
/// d² / (2 beta) where d = |input - target| < beta, else d - beta / 2 (Girshick 2015).
Tensor smooth_l1_loss(const Tensor& input, const Tensor& target,
                      const SmoothL1Options& options = {});

struct HuberOptions {
  double delta = 1;  ///< where the square ends
  Reduction reduction = Reduction::mean;
};
/// d² / 2 where d = |input - target| < delta, else delta (d - delta / 2) (Huber 1964).
Tensor huber_loss(const Tensor& input, const Tensor& target, const HuberOptions& options = {});

struct BceOptions {
  Tensor weight;      ///< how much each element counts; broadcasts, as pos_weight does
  Tensor pos_weight;  ///< how much more the target 1 counts than 0
  Reduction reduction = Reduction::mean;
};
/// -target log(sigmoid(logits)) - (1 - target) log(1 - sigmoid(logits)), precise for all logits.
Tensor bce_with_logits(const Tensor& logits, const Tensor& target, const BceOptions& options = {});

struct KlDivOptions {
  bool log_target = false;  ///< the target is given as logarithms too
  Reduction reduction = Reduction::mean;
};
/// target (log(target) - log_probs). The mean is over all elements; what divergence means is the
/// sum, or the sum divided by the number of rows.
Tensor kl_div(const Tensor& log_probs, const Tensor& target, const KlDivOptions& options = {});

}  // namespace tapehead

// cross_entropy of a linear layer, of floating types, without holding the logits.
//
// C classes, D features.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

struct LinearCrossEntropyOptions {
  Tensor linear_bias;           ///< [C], or undefined
  Tensor weight;                ///< [C]: weight of each class; undefined for equal weights
  int64_t ignore_index = -100;  ///< targets with this value are ignored, such as padding
  double label_smoothing = 0;   ///< share of the target spread evenly over all classes
  Reduction reduction = Reduction::mean;
};
/// cross_entropy(linear(input, linear_weight, linear_bias), target) for input [..., D],
/// linear_weight [C, D] and class indices [...], without holding the logits [..., C], which for a
/// large vocabulary need more memory than the rest of the model. They exist for at most 4 million
/// elements at a time (at least 128 rows). A mean or sum computes its gradients in forward; for
/// Reduction::none, backward computes the logits again. Second derivatives do hold the logits.
/// Throws ShapeError, IndexError and ValueError as linear() and cross_entropy().
/// (ops/linear_cross_entropy.cpp) Wijmans et al. 2024.
/// Example: linear_cross_entropy(randn({8, 20, 64}), randn({1000, 64}), randint(1000, {8, 20}))
///     // shape []
Tensor linear_cross_entropy(const Tensor& input, const Tensor& linear_weight, const Tensor& target,
                            const LinearCrossEntropyOptions& options = {});

}  // namespace tapehead

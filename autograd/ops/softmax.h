// Softmax of floating tensors; others throw DTypeError. The result has the shape of x. An axis
// out of range is an IndexError.
#pragma once

#include "tapehead/core/random.h"
#include "tapehead/core/tensor.h"

namespace tapehead {

/// exp(x) / sum(exp(x)) along the axis. If all elements are -inf, the result is NaN, as in PyTorch;
/// to mask entire rows, use the lowest finite number instead.
/// Example: softmax(tensor({{0.0, 0.0}, {0.0, 1.0}}), -1)  // [[0.5000, 0.5000], [0.2689, 0.7311]]
Tensor softmax(const Tensor& x, int64_t axis);
/// softmax(-x, axis)
/// Example: softmin(tensor({{0.0, 0.0}, {0.0, 1.0}}), -1)  // [[0.5000, 0.5000], [0.7311, 0.2689]]
Tensor softmin(const Tensor& x, int64_t axis);
/// log(softmax(x, axis)), computed without underflow.
/// Example: log_softmax(tensor({{0.0, 0.0}, {0.0, 100.0}}), -1)
///     // [[-0.6931, -0.6931], [-100.0000, 0.0000]]
Tensor log_softmax(const Tensor& x, int64_t axis);
/// softmax((logits + g) / tau) with numbers g of Gumbel's distribution, f32 in all types: relaxed
/// samples of categories, which are exact in the limit of tau = 0. If `hard`, the result is the
/// one-hot vector of its largest element, with the gradient of the soft one (the straight-through
/// estimator). Throws ValueError unless tau > 0. Jang et al. 2017, Maddison et al. 2017.
/// (ops/gumbel_softmax.cpp)
/// Example: gumbel_softmax(randn({8, 10}), 0.5, true)  // shape [8, 10]
Tensor gumbel_softmax(const Tensor& logits, double tau = 1, bool hard = false, int64_t axis = -1,
                      Generator& generator = default_generator());

}  // namespace tapehead

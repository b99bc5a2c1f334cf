// Softmax of floating tensors.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

/// exp(x) / sum(exp(x)) along the axis. If all elements are -inf, the result is NaN, as in PyTorch;
/// to mask entire rows, use the lowest finite number instead.
Tensor softmax(const Tensor& x, int64_t axis);
/// softmax(-x, axis)
Tensor softmin(const Tensor& x, int64_t axis);
/// log(softmax(x, axis)), computed without underflow.
Tensor log_softmax(const Tensor& x, int64_t axis);

}  // namespace tapehead

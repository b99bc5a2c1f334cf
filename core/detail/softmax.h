// softmax and log_softmax along an axis. Nothing here is recorded.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// exp(x) / sum exp(x) along the axis, or its logarithm; x is of a floating type.
Tensor softmax(const Tensor& x, int axis, bool log);
/// The gradient of x from the result y and its gradient dy, which have the same shape and type.
Tensor softmax_grad(const Tensor& y, const Tensor& dy, int axis, bool log);

}  // namespace tapehead::core

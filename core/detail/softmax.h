// softmax and log_softmax along an axis. Nothing here is recorded.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// softmax(x) along the axis, or log_softmax(x) if `log`; x is of a floating type.
Tensor softmax(const Tensor& x, int axis, bool log);
/// The gradient of x, given the result y and its gradient dy, of the same shape and dtype.
Tensor softmax_grad(const Tensor& y, const Tensor& dy, int axis, bool log);

}  // namespace tapehead::core

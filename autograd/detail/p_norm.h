// The p-norm, for norm() and linalg_vector_norm().
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::detail {

/// The norm of order p, other than 2, of a floating tensor. Errors name `op`.
Tensor p_norm(const char* op, const Tensor& x, double p, const Axes& axes, bool keepdim);

}  // namespace tapehead::detail

// Base classes of ops along axes, which vmap() runs once for all elements.
#pragma once

#include <cstdint>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"

namespace tapehead {

/// forward(x, axis, …)
class AxisOp : public CustomOp {
 public:
  static constexpr Batching kBatching = Batching::adjusted;
  template <class... A>
  static bool batch(const Batch&, Tensor& x, int& axis, A&...) {
    ++axis;
    return x.dim() > 1;  // a 0-d element has no axis
  }
};

/// forward(x, mask, keepdim, …), with the reduced axes as a bit mask
class ReductionOp : public CustomOp {
 public:
  static constexpr Batching kBatching = Batching::adjusted;
  template <class... A>
  static bool batch(const Batch&, Tensor& x, uint32_t& mask, bool& keepdim, A&...) {
    if (x.dim() == 1) x = unsqueeze(x, 1), mask = 1, keepdim = false;  // 0-d elements
    mask <<= 1;
    return true;
  }
};

}  // namespace tapehead

// any, all, count_nonzero: reductions without a gradient.
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/reduce.h"

namespace tapehead {

Tensor any(const Tensor& x, const Axes& axes, bool keepdim) {
  return core::reduce("any", kernels::Reduce::any, x, axes.mask("any", x.dim()), keepdim);
}

Tensor all(const Tensor& x, const Axes& axes, bool keepdim) {
  return core::reduce("all", kernels::Reduce::all, x, axes.mask("all", x.dim()), keepdim);
}

Tensor count_nonzero(const Tensor& x, const Axes& axes) {
  return core::reduce("count_nonzero", kernels::Reduce::count_nonzero, x,
                      axes.mask("count_nonzero", x.dim()), false);
}

}  // namespace tapehead

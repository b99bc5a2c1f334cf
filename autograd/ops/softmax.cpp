// softmax, softmin, log_softmax, logsumexp.
#include "tapehead/autograd/ops/softmax.h"

#include <fmt/format.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/axis_op.h"
#include "tapehead/autograd/detail/expand_reduced.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/reduce.h"
#include "tapehead/core/detail/softmax.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

struct Softmax : AxisOp {
  static constexpr const char* kName = "softmax";
  int axis = 0;
  Tensor forward(const Tensor& x, int along) {
    axis = along;
    return save(core::softmax(x, axis, false));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor y = saved(0);
    if (!is_grad_enabled()) return core::softmax_grad(y, dy, axis, false);
    return y * (dy - sum(dy * y, axis, true));
  }
};

struct LogSoftmax : AxisOp {
  static constexpr const char* kName = "log_softmax";
  int axis = 0;
  Tensor forward(const Tensor& x, int along) {
    axis = along;
    return save(core::softmax(x, axis, true));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor y = saved(0);
    if (!is_grad_enabled()) return core::softmax_grad(y, dy, axis, true);
    return dy - exp(y) * sum(dy, axis, true);
  }
};

struct LogSumExp : ReductionOp {
  static constexpr const char* kName = "logsumexp";
  uint32_t axes = 0;
  Tensor forward(const Tensor& x, uint32_t mask, bool keepdim) {
    axes = mask;
    return save(core::reduce(kName, kernels::Reduce::logsumexp, save(x), mask, keepdim));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    return expand_reduced(dy, x.shape(), axes) * exp(x - expand_reduced(saved(1), x.shape(), axes));
  }
};

template <class Op>
Tensor along(const Tensor& x, int64_t axis) {
  core::check_floating(Op::kName, x);
  return apply<Op>(x, normalize_axis(Op::kName, axis, x.dim()));
}

}  // namespace

Tensor softmax(const Tensor& x, int64_t axis) { return along<Softmax>(x, axis); }
Tensor softmin(const Tensor& x, int64_t axis) { return softmax(-x, axis); }
Tensor log_softmax(const Tensor& x, int64_t axis) { return along<LogSoftmax>(x, axis); }

Tensor logsumexp(const Tensor& x, const Axes& axes, bool keepdim) {
  return apply<LogSumExp>(x, axes.mask(LogSumExp::kName, x.dim()), keepdim);
}

}  // namespace tapehead

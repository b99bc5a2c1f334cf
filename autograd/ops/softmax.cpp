// softmax, log_softmax.
#ifndef TAPEHEAD_ROWS
#include "tapehead/core/detail/softmax.h"

#include <fmt/format.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

struct Softmax : CustomOp {
  static constexpr const char* kName = "softmax";
  int axis = 0;
  Tensor forward(const Tensor& x, int along) {
    axis = along;
    return save(core::softmax(x, axis, false));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor y = saved(0);
    if (!grad_enabled()) return core::softmax_grad(y, dy, axis, false);
    return y * (dy - sum(dy * y, axis, true));
  }
};

struct LogSoftmax : CustomOp {
  static constexpr const char* kName = "log_softmax";
  int axis = 0;
  Tensor forward(const Tensor& x, int along) {
    axis = along;
    return save(core::softmax(x, axis, true));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor y = saved(0);
    if (!grad_enabled()) return core::softmax_grad(y, dy, axis, true);
    return dy - exp(y) * sum(dy, axis, true);
  }
};

template <class Op>
Tensor along(const Tensor& x, int64_t axis) {
  if (!is_floating(x.dtype()))
    throw DTypeError(fmt::format("{}: {} is not a type it takes; convert with to(f32)", Op::kName,
                                 core::describe(x)));
  return apply<Op>(x, normalize_axis(Op::kName, axis, x.dim()));
}

}  // namespace

Tensor softmax(const Tensor& x, int64_t axis) { return along<Softmax>(x, axis); }
Tensor log_softmax(const Tensor& x, int64_t axis) { return along<LogSoftmax>(x, axis); }

}  // namespace tapehead

#else  // TAPEHEAD_ROWS
#endif

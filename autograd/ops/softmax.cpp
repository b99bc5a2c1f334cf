// softmax, log_softmax, logsumexp.
#ifndef TAPEHEAD_ROWS
#include "tapehead/core/detail/softmax.h"

#include <fmt/format.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/spread.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/reduce.h"
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

struct LogSumExp : CustomOp {
  static constexpr const char* kName = "logsumexp";
  uint32_t axes = 0;
  Tensor forward(const Tensor& x, uint32_t mask, bool keepdim) {
    axes = mask;
    return save(core::reduce(kName, kernels::Reduce::logsumexp, save(x), mask, keepdim));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    return spread(dy, x.shape(), axes) * exp(x - spread(saved(1), x.shape(), axes));
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

Tensor logsumexp(const Tensor& x, const Axes& axes, bool keepdim) {
  return apply<LogSumExp>(x, axes.mask(LogSumExp::kName, x.dim()), keepdim);
}

}  // namespace tapehead

#else  // TAPEHEAD_ROWS
#include <algorithm>

#include "tapehead/tests/op_reduce.h"

namespace tapehead::rows {

static Sample distribution(Tensor (*f)(const Tensor&, int64_t), bool log, const Shape& shape,
                           int axis, double range = 4) {
  return {.operands = {{shape, -range, range}},
          .call = [f, axis](const Tensors& x) { return Tensors{f(x[0], axis)}; },
          .reference =
              [log, axis](Arrays& x) {
                Array out = x[0];
                const int rank = std::max(x[0].shape.rank(), 1);
                each_line(x[0], axis < 0 ? axis + rank : axis,
                          [&](const Values& v, const std::vector<size_t>& at) {
                            const double top = *std::max_element(v.begin(), v.end());
                            double total = 0;
                            for (const double value : v) total += std::exp(value - top);
                            for (size_t i = 0; i < v.size(); ++i)
                              out.values[at[i]] =
                                  log ? v[i] - top - std::log(total) : std::exp(v[i] - top) / total;
                          });
                return Arrays{out};
              },
          .reduces = shape.rank() == 0 ? 1 : shape[axis < 0 ? axis + shape.rank() : axis]};
}
static std::vector<Sample> distributions(Tensor (*f)(const Tensor&, int64_t), bool log) {
  std::vector<Sample> out;
  for (const auto& [shape, axis] : std::vector<std::pair<Shape, int> >{{{}, 0},
                                                                       {{1}, 0},
                                                                       {{5}, -1},
                                                                       {{3, 4}, 1},
                                                                       {{3, 4}, 0},
                                                                       {{2, 3, 5}, 1},
                                                                       {{2, 3, 2}, -3},
                                                                       {{2, 37}, -1},
                                                                       {{37, 2}, 0},
                                                                       {{0, 3}, 1},
                                                                       {{3, 0}, 1},
                                                                       {{2, 70}, 0},
                                                                       {{130, 100}, 1},
                                                                       {{40, 3, 150}, 1},
                                                                       {{5000}, 0}})
    out.push_back(distribution(f, log, shape, axis));
  out.push_back(distribution(f, log, {4, 6}, 1, 300));  // exp() of these overflows
  return out;
}

TAPEHEAD_ROW(softmax)
    .samples(distributions(softmax, false))
    .bad<DTypeError>([] { softmax(core::full({2}, 1, i64), 0); },
                     "softmax: [2] i64 is not a type it takes; convert with to(f32)")
    .bad<IndexError>([] { softmax(core::full({2}, 1), 1); },
                     "softmax: axis 1 is outside -1..0 of a tensor with 1 dimension");
TAPEHEAD_ROW(log_softmax)
    .samples(distributions(log_softmax, true))
    .bad<DTypeError>([] { log_softmax(core::full({2}, 1, boolean), 0); },
                     "log_softmax: [2] bool is not a type it takes; convert with to(f32)");
TAPEHEAD_ROW(logsumexp)
    .samples(reductions(logsumexp,
                        [](const Values& v) {
                          double total = 0;
                          for (const double x : v) total += std::exp(x);
                          return std::log(total);
                        }))
    .bad<DTypeError>([] { logsumexp(core::full({2}, 1, i64)); },
                     "logsumexp: [2] i64 is not a type it takes; convert with to(f32)");

}  // namespace tapehead::rows
#endif

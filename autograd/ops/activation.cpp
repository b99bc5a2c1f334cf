// exp, tanh.
#ifndef TAPEHEAD_ROWS
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"

namespace tapehead {
namespace {

using kernels::Unary;

struct Exp : CustomOp {
  static constexpr const char* kName = "exp";
  Tensor forward(const Tensor& x) { return save(core::unary(kName, Unary::exp, x)); }
  Tensor backward(const Tensor& dy) const { return dy * saved(0); }
};

struct Tanh : CustomOp {
  static constexpr const char* kName = "tanh";
  Tensor forward(const Tensor& x) { return save(core::unary(kName, Unary::tanh, x)); }
  Tensor backward(const Tensor& dy) const {
    const Tensor y = saved(0);
    return dy * (1 - y * y);
  }
};

}  // namespace

Tensor exp(const Tensor& x) { return apply<Exp>(x); }
Tensor tanh(const Tensor& x) { return apply<Tanh>(x); }

}  // namespace tapehead

#else  // TAPEHEAD_ROWS: the rows of these ops in the table of tests
#include "tapehead/tests/op_row.h"

namespace tapehead::rows {

TAPEHEAD_ROW(exp)
    .unary(exp, std::exp)
    .bad<DTypeError>([] { exp(core::full({2}, 1, i64)); },
                     "exp: [2] i64 is not of a type it takes; convert with to(f32)");
TAPEHEAD_ROW(tanh).unary(tanh, std::tanh);

}  // namespace tapehead::rows
#endif

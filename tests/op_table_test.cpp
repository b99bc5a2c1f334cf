// Tests that the checks of op_check.h detect broken ops.
#include <doctest/doctest.h>

#include <algorithm>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/kernels/elementwise_kernels.h"
#include "tapehead/tests/op_check.h"
#include "tapehead/tests/op_derive.h"

using namespace tapehead;
using namespace tapehead::op_tests;

namespace {

Tensor twice(const Tensor& x) { return core::binary("twice", kernels::Binary::add, x, x); }
double twice_of(double x) { return 2 * x; }

struct Right : CustomOp {
  Tensor forward(const Tensor& x) { return twice(x); }
  Tensor backward(const Tensor& dy) const { return dy + dy; }
};
struct WrongBackward : Right {
  Tensor backward(const Tensor& dy) const { return dy; }
};
struct WrongForward : CustomOp {
  Tensor forward(const Tensor& x) { return twice(twice(x)); }
  Tensor backward(const Tensor& dy) const { return 4 * dy; }
};
// Correct only for contiguous tensors.
struct IgnoresStrides : Right {
  Tensor forward(const Tensor& x) {
    const Shape strides = contiguous_strides(x.shape());
    return twice(core::view_of(x, x.shape(), strides, x.impl()->offset));
  }
};
// A gradient that is not differentiable.
struct OnceOnly : CustomOp {
  Tensor forward(const Tensor& x) { return twice(x); }
  Tensor backward(const Tensor& dy) const { return (dy + dy).detach(); }
};
// A different, but consistent, gradient when recorded.
struct OtherWhenRecorded : Right {
  Tensor backward(const Tensor& dy) const { return is_grad_enabled() ? 3 * dy : 2 * dy; }
};
struct LosesOperand : CustomOp {
  Tensor forward(const Tensor& a, const Tensor& b) {
    return core::binary("add", kernels::Binary::add, a, b);
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const { return {dy, Tensor()}; }
};
// Accumulates in bf16 instead of f32.
struct Coarse : Right {
  Tensor forward(const Tensor& x) { return twice(core::cast(core::cast(x, bf16), x.dtype())); }
};
struct ChangesOperand : Right {
  Tensor forward(const Tensor& x) {
    Tensor out = twice(x);
    core::copy_into(x, out);
    return out;
  }
};

template <class Op>
Tensor run(const Tensor& x) {
  return apply<Op>(x);
}

template <class Op>
std::vector<std::string> problems_of() {
  return check_op(OpTest("twice").unary(run<Op>, twice_of));
}

bool has(const std::vector<std::string>& problems, const std::string& part) {
  return std::any_of(problems.begin(), problems.end(),
                     [&](const std::string& p) { return p.find(part) != std::string::npos; });
}

}  // namespace

TEST_CASE("the checks pass what is right") {
  const auto problems = problems_of<Right>();
  for (const std::string& p : problems) MESSAGE(p);
  CHECK(problems.empty());
}

TEST_CASE("the checks find a wrong backward") {
  const auto problems = problems_of<WrongBackward>();
  CHECK(has(problems,
            kSanitized ? "twice [3]: differences: gradcheck: the derivative of the results along "
                         "random direction 0 of input 0 ([3] f64) is "
                       : "twice [3]: differences: gradcheck: the derivative of result 0 ([3] "
                         "f64) at ["));
}

TEST_CASE("the checks find a wrong forward") {
  const auto problems = problems_of<WrongForward>();
  CHECK(has(problems, "twice [3]: f64 forward: result 0 at [0] is "));
  CHECK(has(problems, "twice [3]: bf16 forward: result 0 at [0] is "));
  CHECK(has(problems, "twice [3]: i64: result 0 at ["));
  CHECK_FALSE(has(problems, "differences"));
}

TEST_CASE("the checks find strides that are ignored") {
  const auto problems = problems_of<IgnoresStrides>();
  CHECK(has(problems, "f64 operands transposed: result 0 at"));
  CHECK(has(problems, "f64 operands sliced with a step: result 0 at"));
  CHECK(has(problems, "f64 operands expanded along the last axis: result 0 at"));
  CHECK_FALSE(has(problems, "forward"));
}

TEST_CASE("the checks find a result that is not tracked") {
  const auto problems = check_op(OpTest("twice").unary(twice, twice_of));
  CHECK(has(problems, "twice [3]: f32 tracking: result 0 is not tracked: its gradient is lost"));
}

TEST_CASE("the checks find a lost second derivative") {
  CHECK(has(problems_of<OnceOnly>(), "twice [3]: differences: gradgradcheck: no gradient reaches"));
}

TEST_CASE("the checks find a recorded gradient that differs") {
  const auto problems = problems_of<OtherWhenRecorded>();
  CHECK(has(problems,
            "twice [3]: f32 gradients: with create_graph the gradient of operand 0 at [0] is "));
  CHECK(has(problems, "twice [3]: differences: gradcheck: the gradient of input 0 ([3] f64) at "));
  CHECK(has(problems, "twice [40000]: f32 gradients: with create_graph "));
}

TEST_CASE("the checks find an operand that gets no gradient") {
  const auto lossy = [](const Tensor& a, const Tensor& b) { return apply<LosesOperand>(a, b); };
  const auto problems =
      check_op(OpTest("add").binary(lossy, [](double x, double y) { return x + y; }));
  CHECK(
      has(problems, "add [5], [5]: differences: gradcheck: no gradient reaches input 1 ([5] f64)"));
}

TEST_CASE("the checks find precision that is thrown away") {
  const auto problems = problems_of<Coarse>();
  CHECK(has(problems, "twice [3]: f32 forward"));
  CHECK_FALSE(has(problems, "bf16 forward"));
}

TEST_CASE("the checks find an operand that is changed") {
  CHECK(has(problems_of<ChangesOperand>(),
            "twice [3]: f64 forward: changes operand 0: it at [0] is "));
}

TEST_CASE("the checks find bad calls that pass or have another message") {
  const auto problems =
      check_op(OpTest("twice")
                   .unary(run<Right>, twice_of)
                   .bad<ShapeError>([] {}, "twice: never")
                   .bad<ShapeError>([] { throw ShapeError("twice: a"); }, "twice: b")
                   .bad<ShapeError>([] { throw DTypeError("twice: c"); }, "twice: c"));
  CHECK(problems ==
        std::vector<std::string>{"twice: bad call 0: does not throw 'twice: never'",
                                 "twice: bad call 1: says 'twice: a', not 'twice: b'",
                                 "twice: bad call 2: says 'another type of error: twice: c', not "
                                 "'twice: c'"});
}

TEST_CASE("the checks find a row without samples") {
  CHECK(check_op(OpTest("twice")) == std::vector<std::string>{"twice: row: it has no sample"});
}

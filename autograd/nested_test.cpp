// Nested backward passes.
#include <doctest/doctest.h>

#include "tapehead/autograd/checkpoint.h"
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using namespace tapehead::testing;

namespace {

bool is_too_deep(const std::string& error) {
  return error.starts_with("backward: ") &&
         error.ends_with(
             " nested backward passes, each started by a hook, an op's backward or a checkpoint, "
             "use half of the stack; run the inner ones after the outer one, or nest fewer "
             "checkpoints");
}

// Nests backward passes, each started by a hook of the outer one. Returns how many ran.
int run_hooks(int levels) {
  if (levels == 0) return 0;
  const AutoGradMode on(true);
  const Tensor x = core::full({2}, 1).set_requires_grad();
  int inner = 0;
  x.register_hook([&](const Tensor&) {
    inner = run_hooks(levels - 1);
    return Tensor();
  });
  sum(x * 2).backward();
  CHECK(values(x.grad()) == Doubles{2, 2});
  return inner + 1;
}

// The gradient comes from a nested pass through the same op, `levels` times.
struct Recursive : CustomOp {
  int levels = 0;
  Tensor forward(const Tensor& x, int depth) {
    levels = depth;
    save(x);
    return x * 2;
  }
  Tensor backward(const Tensor& dy) const {
    if (levels == 0) return dy * 2;
    const AutoGradMode on(true);
    const Tensor x = saved(0).detach().set_requires_grad();
    return dy * grad({sum(apply<Recursive>(x, levels - 1))}, {x})[0];
  }
};

Tensor checkpoints(const Tensor& x, int levels) {
  return levels == 0 ? tanh(x)
                     : checkpoint([=](const Tensor& y) { return checkpoints(y, levels - 1); }, x);
}

// A backward that runs its own node again before using what it saved.
struct Again : CustomOp {
  const Tensor* result = nullptr;
  bool* done = nullptr;
  Tensor forward(const Tensor& x, const Tensor* y, bool* ran) {
    save(x);
    result = y;
    done = ran;
    return square(x);
  }
  Tensor backward(const Tensor& dy) const {
    if (!std::exchange(*done, true)) {
      const AutoGradMode on(true);
      sum(*result).backward();
    }
    return 2 * dy * saved(0);
  }
};

}  // namespace

TEST_CASE("nested: hundreds of nested backward passes run") {
  CHECK(run_hooks(300) == 300);
  const Tensor x = core::full({1}, 0.5).set_requires_grad();
  sum(apply<Recursive>(x, 300)).backward();
  CHECK(values(x.grad()) == Doubles{2});
  x.set_grad({});
  sum(checkpoints(x, 200)).backward();
  const Tensor same = core::full({1}, 0.5).set_requires_grad();
  sum(tanh(same)).backward();
  CHECK(values(x.grad()) == values(same.grad()));
}

// Regression: deep nesting overflowed the stack.
TEST_CASE("nested: thousands are refused, and later passes are not") {
  for (int round = 0; round < 2; ++round) {
    CHECK(is_too_deep(error_of<GraphError>([] { run_hooks(8000); })));
    const Tensor x = core::full({1}, 1).set_requires_grad();
    CHECK(is_too_deep(error_of<GraphError>([&] { sum(apply<Recursive>(x, 8000)).backward(); })));
    CHECK(run_hooks(300) == 300);
  }
}

TEST_CASE("nested: a pass through a running node keeps what it saved") {
  const Tensor x = core::full({2}, 3).set_requires_grad();
  Tensor y;
  bool ran = false;
  y = apply<Again>(x, &y, &ran);
  sum(y).backward();
  CHECK(values(x.grad()) == Doubles{12, 12});
  CHECK(error_of<GraphError>([&] {
          sum(y).backward();
        }).starts_with("backward: this graph was released"));
  y = Tensor();
}

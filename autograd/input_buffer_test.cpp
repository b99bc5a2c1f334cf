#include "tapehead/autograd/input_buffer.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/autograd/anomaly.h"
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/random.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using namespace tapehead::testing;

namespace {

void check_close(const Tensor& got, const Tensor& wanted) {
  REQUIRE(got.shape() == wanted.shape());
  const Doubles a = values(got), b = values(wanted);
  for (size_t i = 0; i < a.size(); ++i) {
    CAPTURE(i);
    CHECK(std::abs(a[i] - b[i]) <= 1e-11 * (1 + std::abs(b[i])));
  }
}

// The gradient of `of` from backward of the loss.
Tensor gradient_at(const Tensor& of, const Tensor& loss) {
  of.set_grad({});
  loss.backward();
  return of.grad();
}

// y = 2 x, which adds to the gradient buffer if there is one.
struct Twice : CustomOp {
  static inline int in_place = 0;
  Tensor forward(const Tensor& x) { return x * 2; }
  Tensor backward(const Tensor& dy) const {
    const Tensor sum = grad_buffer(0);
    if (!sum.defined()) return dy * 2;
    ++in_place;
    sum.add_(dy * 2);
    return {};
  }
};
Tensor twice(const Tensor& x) { return apply<Twice>(x); }

struct WrongProduct : CustomOp {
  static constexpr const char* kName = "wrong_product";
  Tensor forward(const Tensor& x) { return x * 2; }
  Tensor backward(const Tensor& dy) const {
    accumulate_matmul(0, dy, dy);
    return {};
  }
};

}  // namespace

TEST_CASE("a weight of many steps has the gradient of all steps in one product") {
  for (const int64_t steps : {1, 2, 7, 300}) {  // 300 steps of 5 rows exceed the capacity
    CAPTURE(steps);
    const Tensor x = randn({steps, 5, 3}, f64), w = randn({4, 3}, f64).set_requires_grad();
    Tensor loss = core::full({}, 0, f64);
    for (int64_t t = 0; t < steps; ++t) loss = loss + sum(square(linear(x[t], w)));
    check_close(gradient_at(w, loss), gradient_at(w, sum(square(linear(x, w)))));
  }
}

TEST_CASE("operands of many products of matrices, one a batch item, have their gradients") {
  for (const int64_t steps : {1, 3, 100}) {
    CAPTURE(steps);
    const Tensor q = randn({steps, 2, 3, 1}, f64), keys = randn({2, 4, 3}, f64).set_requires_grad();
    Tensor left = core::full({}, 0, f64), right = left;
    for (int64_t t = 0; t < steps; ++t) {
      left = left + sum(square(matmul(keys, q[t])));
      right = right + sum(square(matmul(q[t].transpose(-1, -2), keys.transpose(-1, -2))));
    }
    const Tensor all = gradient_at(keys, sum(square(matmul(keys, q))));  // broadcast over the steps
    check_close(gradient_at(keys, left), all);
    check_close(gradient_at(keys, right), all);
  }
}

TEST_CASE("a hook sees the whole gradient once, products included") {
  const Tensor w = randn({4, 3}, f64).set_requires_grad();
  const Tensor x = randn({2, 5, 3}, f64);
  int calls = 0;
  w.register_hook([&](const Tensor& g) {
    ++calls;
    return g * 10;
  });
  sum(linear(x[0], w) + linear(x[1], w)).backward();
  CHECK(calls == 1);
  check_close(w.grad(), 10 * sum(x.reshape({10, 3}), 0).expand({4, 3}));
}

TEST_CASE("products and other gradients of one operand add up, also while they are recorded") {
  const auto f = [](const Tensor& w) {
    const Tensor x = core::full({2, 3}, 0.5, f64);
    return linear(tanh(linear(x, w)), w) + sum(w * w) + linear(x, square(w));
  };
  const Tensor w = 0.3 * randn({3, 3}, f64);
  gradcheck(f, {w});
  gradgradcheck(f, {w});
}

TEST_CASE("an op adds to what has arrived, unless the pass is recorded or watched") {
  const Tensor x = core::full({3}, 1, f64).set_requires_grad();
  Twice::in_place = 0;
  CHECK(values(gradient_at(x, sum(twice(x) + twice(x) + x))) == Doubles{5, 5, 5});
  CHECK(Twice::in_place == 2);
  gradgradcheck([](const Tensor& t) { return twice(t) * twice(t); }, {x.detach()});
  Twice::in_place = 0;
  const DetectAnomalyGuard watched;
  CHECK(values(gradient_at(x, sum(twice(x)))) == Doubles{2, 2, 2});
  CHECK(Twice::in_place == 0);
}

TEST_CASE("a gradient with other references is not changed in place") {
  const Tensor x = core::full({3}, 1, f64).set_requires_grad();
  const Tensor y = x * 1;
  Tensor seen;
  const Tensor a = twice(y), b = y * 3;  // b's gradient arrives first
  b.register_hook([&](const Tensor& g) {
    seen = g;
    return Tensor();
  });
  sum(a + b).backward();
  CHECK(values(seen) == Doubles{1, 1, 1});
  CHECK(values(x.grad()) == Doubles{5, 5, 5});
}

TEST_CASE("a product of the wrong shape is refused") {
  const Tensor x = core::full({2, 3}, 1, f64).set_requires_grad();
  CHECK(error_of<GraphError>([&] { sum(apply<WrongProduct>(x)).backward(); }) ==
        "backward: wrong_product gave operand 0 of shape [2, 3] a product of shape [3, 3]; they "
        "must be equal");
}

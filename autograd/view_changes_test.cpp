// Recorded in-place changes of views, and of tensors that have views.
#include <doctest/doctest.h>

#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/allocator.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"

namespace tapehead::view_changes_test {

using namespace testing;

namespace {

void check(const std::function<Tensor(const Tensor&, const Tensor&)>& f) {
  const Tensor x = leaf({2, 3}, {1, -2, 3, 0.5, 2, -1}), w = leaf({3}, {0.3, 2, -1});
  gradcheck(f, {x, w});
  gradgradcheck(f, {x, w});
}

}  // namespace

TEST_CASE("a value written into a view has its gradient, what was there before has none") {
  check([](const Tensor& x, const Tensor& w) {
    const Tensor h = x * x;
    h[0] = w * 2;
    return h * h;
  });
  const Tensor x = leaf({2, 3}, {1, 2, 3, 4, 5, 6}), w = leaf({3}, {7, 8, 9});
  const Tensor h = x * 1;
  h[1] = w;
  CHECK(values(h) == Doubles{1, 2, 3, 7, 8, 9});
  sum(h).backward();
  CHECK(values(x.grad()) == Doubles{1, 1, 1, 0, 0, 0});
  CHECK(values(w.grad()) == Doubles{1, 1, 1});
}

TEST_CASE("a tensor that was not tracked takes part from the first recorded change on") {
  check([](const Tensor& x, const Tensor& w) {
    const Tensor out = zeros({3, 3}, f64);
    for (int64_t t = 0; t < 2; ++t) out[t] = x[t] * w;
    out.slice(0, 1, 3).select(1, 2) = w[1];
    return out * out;
  });
}

TEST_CASE("numbers, arithmetic and broadcast values are written into views") {
  check([](const Tensor& x, const Tensor& w) {
    const Tensor h = x * 2;
    h.slice(1, 0, 3, 2) = 5;
    h[1] += w;
    h[0] *= w[2];
    h.transpose(0, 1)[1] /= 3;
    h.select(1, 0) -= w[0];
    diagonal(h) = w.slice(0, 0, 2);
    return h * x;
  });
}

TEST_CASE("views see what is written into their root, into themselves and into each other") {
  check([](const Tensor& x, const Tensor& w) {
    const Tensor h = x * 1, row = h[1], column = h.transpose(0, 1)[2], wide = w * 1;
    h.mul_(3);
    row.add_(w);
    column[0] = w[1] * w[1];
    const Tensor repeated = wide.expand({2, 3});
    wide[0] = x[0][0];
    return stack({row, h[0]}) * sum(column) + row + repeated * h;
  });
}

TEST_CASE("a view of a view, reshaped and squeezed") {
  check([](const Tensor& x, const Tensor& w) {
    const Tensor h = x * 1;
    h.reshape({3, 2}).unsqueeze(0).flatten().slice(0, 1, 4) = w;
    split(h, 1, 1)[2] *= 2;
    return h * h;
  });
}

TEST_CASE("grad() of a changed view is that of its new value") {
  const Tensor x = leaf({2, 3}, {1, 2, 3, 4, 5, 6});
  const Tensor h = x * 1;
  h.retain_grad();
  const Tensor row = h[0];
  row.retain_grad();
  row.mul_(2);
  sum(row * 3 + h[1]).backward();
  CHECK(values(row.grad()) == Doubles{3, 3, 3});
  CHECK(values(h.grad()) == Doubles{3, 3, 3, 1, 1, 1});
  CHECK(values(x.grad()) == Doubles{6, 6, 6, 1, 1, 1});
}

TEST_CASE("the gradient that arrives is not changed where somebody else holds it") {
  const Tensor x = leaf({2, 2}, {1, 2, 3, 4}), seed = ones({2, 2}, f64);
  const Tensor h = x * 1;
  h[0] = 0;
  h.backward({.gradient = seed});
  CHECK(values(seed) == Doubles{1, 1, 1, 1});
  CHECK(values(x.grad()) == Doubles{0, 0, 1, 1});
}

TEST_CASE("backward notices that a view of what an op saved was written into") {
  const Tensor x = leaf({2}, {1, 2});
  const Tensor h = x * 1;
  const Tensor y = h * h;
  h[0] = 5;
  CHECK(
      error_of<GraphError>([&] { sum(y).backward(); }) ==
      "backward: an operand [2], saved by mul, was changed in place by copy_ afterwards; compute a "
      "new tensor instead of changing it");
}

TEST_CASE("a graph that assigns rows of a tensor to its other rows is freed") {
  const int64_t before = memory_stats().live_bytes;
  {
    const Tensor w = leaf({3}, {1, 2, 3});
    const Tensor h = zeros({4, 3}, f64);
    h[0] = w;
    for (int64_t t = 1; t < 4; ++t) h[t] = h[t - 1] * w;
  }
  CHECK(memory_stats().live_bytes == before);
}

TEST_CASE("writing through views: errors") {
  const Tensor x = leaf({2, 2}, {1, 2, 3, 4});
  CHECK(error_of<GraphError>([&] { x[0] = 1; }) ==
        "copy_: [2] f64 is a view of [2, 2] f64, a leaf that tracks gradients; change it inside "
        "NoGradGuard");
  const Tensor hidden = no_grad([&] { return zeros({2, 2}, f64)[0]; });
  const Tensor root = zeros({2, 2}, f64);
  const Tensor row = no_grad([&] { return root[0]; });
  CHECK(
      error_of<GraphError>([&] { row.copy_(x[0]); }) ==
      "copy_: [2] f64 is a view made under NoGradGuard, whose in-place changes cannot be recorded; "
      "make the view outside of NoGradGuard");
  CHECK(error_of<ValueError>([&] { root.clone() = 1; }) ==
        "operator=: [2, 2] f64 shares its elements with no other tensor, so the write would be "
        "lost; assign to a view, such as x[0] or x.slice(), or to a variable");
  CHECK(error_of<ValueError>([&] {
          root.transpose(0, 1).reshape({4}) = 1;
        }).starts_with("operator=: [4] f64 shares its elements with no other tensor"));
  CHECK(error_of<ShapeError>([&] { root[0] = zeros({3}); }) ==
        "copy_: shape [3] does not broadcast to [2], which is changed in place");
  CHECK(error_of<ShapeError>([&] {
          for (const Tensor& t : Tensor(1)) t.zero_();
        }) == "begin: a 0-d tensor has no axis to iterate over");
  CHECK(error_of<ValueError>([&] {
          x.grad() = zeros({2, 2});
        }) ==
        "operator=: the tensor on the left is undefined, as grad() is before backward(); use "
        "set_grad() to set a gradient");
}

}  // namespace tapehead::view_changes_test

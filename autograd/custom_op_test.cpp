#include "tapehead/autograd/custom_op.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using namespace tapehead::testing;

namespace {

struct Cube : CustomOp {
  Tensor forward(const Tensor& x) { return save(x) * x * x; }
  Tensor backward(const Tensor& dy) const { return dy * 3 * saved(0) * saved(0); }
};
Tensor cube(const Tensor& x) { return apply<Cube>(x); }

// Two results, of which a caller may use only one.
struct SumAndProduct : CustomOp {
  std::array<Tensor, 2> forward(const Tensor& a, const Tensor& b) {
    save(a), save(b);
    return {a + b, a * b};
  }
  std::array<Tensor, 2> backward(const Tensor& ds, const Tensor& dp) const {
    CHECK(ds.defined());
    CHECK(dp.defined());
    return {ds + dp * saved(1), ds + dp * saved(0)};
  }
};

struct Undefined : SumAndProduct {
  static constexpr bool kUndefinedGrads = true;
  static constexpr const char* kName = "sum_and_product";
  std::array<Tensor, 2> backward(const Tensor& ds, const Tensor& dp) const {
    CHECK_FALSE(ds.defined());
    return {dp * saved(1), dp * saved(0)};
  }
};

// A floating and an integer result.
struct WithCount : CustomOp {
  std::array<Tensor, 2> forward(const Tensor& x) { return {x * 2, core::full({2}, 3, i64)}; }
  Tensor backward(const Tensor& dy, const Tensor& dn) const {
    CHECK(dn.dtype() == i64);
    return dy * 2;
  }
};

// The second result is declared constant.
struct Halves : CustomOp {
  std::array<Tensor, 2> forward(const Tensor& x) {
    const Tensor rounded = floor(x);
    mark_non_differentiable(rounded);
    return {x / 2, rounded};
  }
  Tensor backward(const Tensor& dy, const Tensor& dn) const {
    CHECK(sum(dn).item() == 0);
    return dy / 2;
  }
};

// Any number of operands and results.
struct Swap : CustomOp {
  std::vector<Tensor> forward(const std::vector<Tensor>& x, double factor) {
    scale = factor;
    return {x[1] * factor, x[0] * factor};
  }
  Grads backward(Grads& dy) const { return {dy[1] * scale, dy[0] * scale}; }
  double scale = 1;
};

struct KeepsResult : CustomOp {
  Tensor forward(const Tensor& x) { return save(exp(x)); }
  Tensor backward(const Tensor& dy) const { return dy * saved(0); }
};

struct GivesOperandBack : CustomOp {
  Tensor forward(const Tensor&, const Tensor& b) { return b; }
  std::array<Tensor, 2> backward(const Tensor& dy) const { return {dy * 0, dy}; }
};

struct TooFew : CustomOp {
  Tensor forward(const Tensor& a, const Tensor& b) { return a + b; }
  Tensor backward(const Tensor& dy) const { return dy; }
};

struct WrongShape : CustomOp {
  Tensor forward(const Tensor& a) { return a + a; }
  Tensor backward(const Tensor&) const { return core::full({3}, 1, f64); }
};

struct Skips : CustomOp {
  Tensor forward(const Tensor& a, const Tensor& b) {
    save(a), save(b);
    return a * b;
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    asked = {needs_grad(0), needs_grad(1)};
    return {needs_grad(0) ? dy * saved(1) : Tensor(), needs_grad(1) ? dy * saved(0) : Tensor()};
  }
  inline static std::array<bool, 2> asked;
};

struct Throws : CustomOp {
  inline static bool fails = true;
  Tensor forward(const Tensor& x) { return x + x; }
  Tensor backward(const Tensor& dy) const {
    if (fails) throw std::runtime_error("cannot");
    return dy * 2;
  }
};

// Reads more tensors than it saved.
struct Forgets : CustomOp {
  static constexpr const char* kName = "forgets";
  Tensor forward(const Tensor& x) { return save(x) * 2; }
  Tensor backward(const Tensor& dy) const { return dy * saved(1); }
};

}  // namespace

TEST_CASE("a result that is marked non-differentiable does not track gradients") {
  const Tensor x = leaf({2}, {1.5, 3});
  const auto [half, rounded] = apply<Halves>(x);
  CHECK(half.requires_grad());
  CHECK_FALSE(rounded.requires_grad());
  CHECK(values(rounded) == Doubles{1, 3});
  sum(half * rounded).backward();
  CHECK(values(x.grad()) == Doubles{0.5, 1.5});
}

TEST_CASE("a custom op has first and second derivatives") {
  const Tensor x = tensor_of({3}, {1, 2, 3}, f64);
  gradcheck(cube, {x});
  gradgradcheck(cube, {x});
}

TEST_CASE("a custom op is named after its type or as it says") {
  CHECK(std::string(detail::OpNode<Cube>().op_name()) == "Cube");
  CHECK(std::string(detail::OpNode<Undefined>().op_name()) == "sum_and_product");
}

TEST_CASE("the gradient of a result that nothing used is zeros, or undefined when asked for") {
  const Tensor a = leaf({2}, {1, 2}), b = leaf({2}, {3, 4});
  const auto two = [](const Tensor& x, const Tensor& y) { return apply<SumAndProduct>(x, y); };
  gradcheck(two, {a, b});
  gradgradcheck(two, {a, b});
  sum(two(a, b)[0]).backward();
  CHECK(values(a.grad()) == Doubles{1, 1});
  sum(apply<Undefined>(a, b)[1]).backward();
  CHECK(values(a.grad()) == Doubles{4, 5});
}

TEST_CASE("integer results are not tracked") {
  const Tensor x = leaf({2}, {1, 2});
  const auto [y, n] = apply<WithCount>(x);
  CHECK(y.requires_grad());
  CHECK_FALSE(n.requires_grad());
  sum(y).backward();
  CHECK(values(x.grad()) == Doubles{2, 2});
}

TEST_CASE("an op may have any number of operands and results") {
  const auto swap = [](const Tensor& a, const Tensor& b) {
    return apply<Swap>(std::vector<Tensor>{a, b}, 3.0);
  };
  gradcheck(swap, {tensor_of({2}, {1, 2}, f64), tensor_of({2}, {3, 4}, f64)});
}

TEST_CASE("an op that returns its operand does not change it") {
  const Tensor a = leaf({2}, {1, 2}), b = tensor_of({2}, {3, 4}, f64);
  const Tensor y = apply<GivesOperandBack>(a, b);
  CHECK(y.requires_grad());
  CHECK_FALSE(b.requires_grad());
  const Tensor c = leaf({2}, {3, 4});
  sum(apply<GivesOperandBack>(b, c)).backward();
  CHECK(c.is_leaf());
  CHECK(values(c.grad()) == Doubles{1, 1});
}

TEST_CASE("an op that returns its operand is not recorded under NoGradGuard") {
  struct Same : CustomOp {
    Tensor forward(const Tensor& x) { return x; }
    Tensor backward(const Tensor& dy) const { return dy * 5; }
  };
  const Tensor x = core::full({2}, 1).set_requires_grad();
  const NoGradGuard off;
  const Tensor y = apply<Same>(x);
  CHECK_FALSE(y.requires_grad());
  CHECK(x.requires_grad());
  CHECK(y.raw() == x.raw());
}

TEST_CASE("an op that asks for what it has not saved") {
  const Tensor x = core::full({2}, 1).set_requires_grad();
  CHECK(error_of<GraphError>([&] { sum(apply<Forgets>(x)).backward(); }) ==
        "backward: forgets asks for saved(1), but its forward saved 1 tensors; save() it there");
}

TEST_CASE("an op is told which gradients are needed") {
  const Tensor a = leaf({2}, {1, 2}), b = leaf({2}, {3, 4});
  sum(apply<Skips>(a, b.detach())).backward();
  CHECK(Skips::asked == std::array{true, false});
  const Tensor y = sum(apply<Skips>(a, b));
  CHECK(values(grad({y}, {b})[0]) == Doubles{1, 2});
  CHECK(Skips::asked == std::array{false, true});
}

TEST_CASE("errors for an op that returns wrong gradients") {
  const Tensor a = leaf({2}, {1, 2});
  CHECK(error_of<GraphError>([&] { sum(apply<TooFew>(a, a)).backward(); }) ==
        "backward: TooFew has 2 tensor operands but its backward returned 1 gradients; return one "
        "for each, in order");
  CHECK(
      error_of<GraphError>([&] { sum(apply<WrongShape>(a)).backward(); }) ==
      "backward: WrongShape gave operand 0 of shape [2] a gradient of shape [3]; it must have that "
      "shape, or one that it broadcasts to");
}

TEST_CASE("an exception in a backward leaves the graph usable") {
  const Tensor x = leaf({2}, {1, 2});
  const Tensor y = x * 3;
  const Tensor loss = sum(apply<Throws>(y) + y * y);
  Throws::fails = true;
  CHECK_THROWS_WITH(loss.backward({.retain_graph = true}), "cannot");
  CHECK_FALSE(x.grad().defined());
  Throws::fails = false;
  loss.backward();
  CHECK(values(x.grad()) == Doubles{24, 42});
}

TEST_CASE("an op that saves its result has second derivatives") {
  gradgradcheck([](const Tensor& x) { return apply<KeepsResult>(x); },
                {tensor_of({2}, {1, 2}, f64)});
}

// maximum, minimum, clamp.
#ifndef TAPEHEAD_ROWS
#include <cmath>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

struct Maximum : CustomOp {
  static constexpr const char* kName = "maximum";
  Tensor forward(const Tensor& a, const Tensor& b) {
    save(a), save(b);
    return core::binary(kName, kernels::Binary::maximum, a, b);
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    const Tensor a = saved(0), b = saved(1);
    return {needs_grad(0) ? of_first(dy, a, b) : Tensor(),
            needs_grad(1) ? of_first(dy, b, a) : Tensor()};
  }

 private:
  static Tensor of_first(const Tensor& dy, const Tensor& a, const Tensor& b) {
    if (!grad_enabled()) return core::ternary(kName, kernels::Ternary::maximum_gradient, dy, a, b);
    return where(a == b, 0.5 * dy, where(a < b, 0, dy));
  }
};

struct Minimum : CustomOp {
  static constexpr const char* kName = "minimum";
  Tensor forward(const Tensor& a, const Tensor& b) {
    save(a), save(b);
    return core::binary(kName, kernels::Binary::minimum, a, b);
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    const Tensor a = saved(0), b = saved(1);
    return {needs_grad(0) ? of_first(dy, a, b) : Tensor(),
            needs_grad(1) ? of_first(dy, b, a) : Tensor()};
  }

 private:
  static Tensor of_first(const Tensor& dy, const Tensor& a, const Tensor& b) {
    if (!grad_enabled()) return core::ternary(kName, kernels::Ternary::minimum_gradient, dy, a, b);
    return where(a == b, 0.5 * dy, where(a > b, 0, dy));
  }
};

// An undefined bound does not bind.
struct Clamp : CustomOp {
  static constexpr const char* kName = "clamp";
  Tensor forward(const Tensor& x, const Tensor& low, const Tensor& high) {
    save(x), save(low), save(high);
    if (!low.defined()) return core::binary(kName, kernels::Binary::minimum, x, high);
    if (!high.defined()) return core::binary(kName, kernels::Binary::maximum, x, low);
    return core::ternary(kName, kernels::Ternary::clamp, x, low, high);
  }
  std::array<Tensor, 3> backward(const Tensor& dy) const {
    const Tensor x = saved(0), low = saved(1), high = saved(2);
    std::array<Tensor, 3> grads;
    if (needs_grad(0)) grads[0] = of_clamped(dy, x, low, high);
    if (needs_grad(1)) grads[1] = where(high.defined() ? (x < low) & (low < high) : x < low, dy, 0);
    if (needs_grad(2))
      grads[2] = where(low.defined() ? (x > high) | (high < low) : x > high, dy, 0);
    return grads;
  }

 private:
  static Tensor of_clamped(const Tensor& dy, const Tensor& x, const Tensor& low,
                           const Tensor& high) {
    const auto single = [](const Tensor& t) { return !t.defined() || t.numel() == 1; };
    if (!grad_enabled() && single(low) && single(high))
      return core::gradient(
          kernels::Gradient::clamp, dy, x,
          {low.defined() ? low.item() : -HUGE_VAL, high.defined() ? high.item() : HUGE_VAL});
    Tensor grad = dy;
    if (low.defined()) grad = where(x >= low, grad, 0);
    if (high.defined()) grad = where(x <= high, grad, 0);
    return grad;
  }
};

}  // namespace

Tensor maximum(const Tensor& a, const Tensor& b) { return apply<Maximum>(a, b); }
Tensor minimum(const Tensor& a, const Tensor& b) { return apply<Minimum>(a, b); }
Tensor clamp(const Tensor& x, const Tensor& low, const Tensor& high) {
  if (!low.defined() && !high.defined())
    throw ValueError("clamp: neither a low nor a high bound is given; pass one");
  return apply<Clamp>(x, low, high);
}

}  // namespace tapehead

#else  // TAPEHEAD_ROWS
#include <algorithm>

#include "tapehead/tests/op_row.h"

namespace tapehead::rows {

static Sample ties(Tensor (*f)(const Tensor&, const Tensor&)) {
  return {.operands = {vector_of({1, 2, 2, -1}), vector_of({2, 1, 2, -1})},
          .call = [f](const Tensors& x) { return Tensors{f(x[0], x[1])}; },
          .has_derivative = false};
}

TAPEHEAD_ROW(maximum)
    .binary(maximum, [](double a, double b) { return std::max(a, b); })
    .sample(ties(maximum))
    .bad<ShapeError>(
        [] { maximum(core::full({2}, 1), core::full({3}, 1)); },
        "maximum: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in the "
        "other; sizes must be equal or 1");
TAPEHEAD_ROW(minimum)
    .binary(minimum, [](double a, double b) { return std::min(a, b); })
    .sample(ties(minimum))
    .bad<ShapeError>(
        [] { minimum(core::full({2}, 1), core::full({3}, 1)); },
        "minimum: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in the "
        "other; sizes must be equal or 1");

// The operands' ranges keep away from the bounds, where the derivative jumps.
static Sample bounded(const Operand& x, const Operand& low, const Operand& high) {
  return {.operands = {x, low, high},
          .call = [](const Tensors& t) { return Tensors{clamp(t[0], t[1], t[2])}; },
          .reference =
              [](Arrays& a) {
                return Arrays{
                    map(a, [](const double* v) { return std::min(std::max(v[0], v[1]), v[2]); })};
              },
          .may_alias = false};  // bounds that are equal get no gradient, as in PyTorch
}
static double into_unit(double x) { return std::min(std::max(x, -1.0), 1.0); }
TAPEHEAD_ROW(clamp)
    .unary([](const Tensor& x) { return clamp(x, -1.0, 1.0); }, into_unit, {-0.9, 0.9})
    .unary([](const Tensor& x) { return clamp(x, -1.0, 1.0); }, into_unit, {-3, 3, 1.1})
    .unary([](const Tensor& x) { return clamp(x, 0); }, [](double x) { return std::max(x, 0.0); },
           {.away_from_zero = 0.1})
    .unary([](const Tensor& x) { return clamp(x, {}, 0.0); },
           [](double x) { return std::min(x, 0.0); }, {.away_from_zero = 0.1})
    .sample(bounded({{2, 3}, -1, 1}, {{2, 3}, -2, -1.1}, {{2, 3}, 1.1, 2}))
    .sample(bounded({{2, 3}, 2.1, 3}, {{3}, -2, -1.1}, {{}, 1.1, 2}))
    .sample(bounded({{3}, -3, -2.1}, {{2, 1}, -2, -1.1}, {{}, 1.1, 2}))
    .sample(bounded({{4}, -3, -2.1}, {{}, -2, -1.1}, {{2, 4}, 1.1, 2}))
    // Below, between and above; the upper bound wins where it is the lower one.
    .sample(bounded(vector_of({-3, 0.5, 3, -3, 0.5, 3}), vector_of({-1, -1, -1, 2, 2, 2}),
                    vector_of({2, 2, 2, -1, -1, -1})))
    .sample({.operands = {vector_of({-3, 0.5}), vector_of({-1, -1})},
             .call = [](const Tensors& x) { return Tensors{clamp(x[0], x[1])}; }})
    .sample({.operands = {vector_of({3, 0.5}), vector_of({1, 1})},
             .call = [](const Tensors& x) { return Tensors{clamp(x[0], {}, x[1])}; }})
    .corners([](const Tensor& x) { return clamp(x, -1, 1); }, {-2, -1, 0.5, 1, 2})
    .bad<ValueError>([] { clamp(core::full({2}, 1), {}); },
                     "clamp: neither a low nor a high bound is given; pass one")
    .bad<DTypeError>([] { clamp(core::full({2}, 1, boolean), false, true); },
                     "clamp: it does not take bool; convert with to(f32)")
    .bad<ShapeError>(
        [] { clamp(core::full({2}, 1), core::full({3}, 1)); },
        "clamp: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in the "
        "other; sizes must be equal or 1");

}  // namespace tapehead::rows
#endif

// maximum, minimum, clamp, nan_to_num.
#include "tapehead/autograd/ops/extreme.h"

#include <cmath>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/elementwise_kernels.h"
#include "tapehead/core/limits.h"

namespace tapehead {
namespace {

// The larger or the smaller of two numbers.
template <bool kLarger>
struct Extreme : BroadcastingOp {
  static constexpr const char* kName = kLarger ? "maximum" : "minimum";
  Tensor forward(const Tensor& a, const Tensor& b) {
    using kernels::Binary;
    save(a), save(b);
    return core::binary(kName, kLarger ? Binary::maximum : Binary::minimum, a, b);
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    const Tensor a = saved(0), b = saved(1);
    return {needs_grad(0) ? of_first(dy, a, b) : Tensor(),
            needs_grad(1) ? of_first(dy, b, a) : Tensor()};
  }

 private:
  static Tensor of_first(const Tensor& dy, const Tensor& a, const Tensor& b) {
    using kernels::Ternary;
    if (!is_grad_enabled())
      return core::ternary(kName, kLarger ? Ternary::maximum_gradient : Ternary::minimum_gradient,
                           dy, a, b);
    const Tensor other = kLarger ? a < b : a > b;
    return where(a == b, 0.5 * dy, where(other, 0, dy));
  }
};

// An undefined bound is not applied.
struct Clamp : BroadcastingOp {
  static constexpr const char* kName = "clamp";
  Tensor forward(const Tensor& x, const Tensor& low, const Tensor& high) {
    save(x), save(low), save(high);
    if (!low.defined()) return core::binary(kName, kernels::Binary::minimum, x, high);
    if (!high.defined()) return core::binary(kName, kernels::Binary::maximum, x, low);
    if (is_floating(x.dtype()) && is_limit(low) && is_limit(high))
      return core::activation(kName, kernels::Activation::hardtanh, x, {low.item(), high.item()});
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
  // A number that hardtanh applies as clamp does, which for a NaN it does not.
  static bool is_limit(const Tensor& t) { return core::is_number(t) && !std::isnan(t.item()); }
  static Tensor of_clamped(const Tensor& dy, const Tensor& x, const Tensor& low,
                           const Tensor& high) {
    const auto single = [](const Tensor& t) { return !t.defined() || t.numel() == 1; };
    if (!is_grad_enabled() && single(low) && single(high))
      return core::gradient(
          kernels::Gradient::clamp, dy, x,
          {low.defined() ? low.item() : -HUGE_VAL, high.defined() ? high.item() : HUGE_VAL});
    Tensor grad = dy;
    if (low.defined()) grad = where(x >= low, grad, 0);
    if (high.defined()) grad = where(x <= high, grad, 0);
    return grad;
  }
};

struct NanToNum : BroadcastingOp {
  static constexpr const char* kName = "nan_to_num";
  Tensor forward(const Tensor& x, double nan, double highest, double lowest) {
    return core::activation(kName, kernels::Activation::nan_to_num, save(x),
                            {nan, highest, lowest});
  }
  Tensor backward(const Tensor& dy) const { return where(isfinite(saved(0)), dy, 0); }
};

}  // namespace

Tensor maximum(const Tensor& a, const Tensor& b) { return apply<Extreme<true>>(a, b); }
Tensor minimum(const Tensor& a, const Tensor& b) { return apply<Extreme<false>>(a, b); }
Tensor clamp(const Tensor& x, const Tensor& low, const Tensor& high) {
  if (!low.defined() && !high.defined())
    throw ValueError("clamp: neither a low nor a high bound is given; pass one");
  return apply<Clamp>(x, low, high);
}
Tensor clamp_min(const Tensor& x, const Tensor& low) { return clamp(x, low); }
Tensor clamp_max(const Tensor& x, const Tensor& high) { return clamp(x, {}, high); }
Tensor nan_to_num(const Tensor& x, const NanToNumOptions& options) {
  if (!is_floating(x.dtype())) return core::clone(x);
  const double largest = finfo(x.dtype()).max;
  return apply<NanToNum>(x, options.nan, options.posinf.value_or(largest),
                         options.neginf.value_or(-largest));
}

}  // namespace tapehead

// The kernel of Lion.
#pragma once

#include "tapehead/core/dtype.h"
#include "tapehead/core/kernels/family.h"
#include "tapehead/optim/piece.h"

namespace tapehead::kernels {

struct LionNumbers {
  double grad_scale;  // factor of the gradient
  double keep;        // factor of the parameter: decoupled weight decay
  double lr, beta1, beta2;
};

/// Piece::state: the average of the gradients.
struct LionKernels {
  void (*step)(const optim::Piece&, const LionNumbers&);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_FLOATING(lion, LionKernels, "")

#ifdef TAPEHEAD_ISA
#include "tapehead/optim/detail/update_each.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T>
void lion(const Piece& piece, const LionNumbers& numbers) {
  using C = Compute<T>;
  const C grad_scale = C(numbers.grad_scale), keep = C(numbers.keep), lr = C(numbers.lr);
  const C move1 = C(1 - numbers.beta1), move2 = C(1 - numbers.beta2);
  C* average = reinterpret_cast<C*>(piece.state[0]);
  update_each<T>(piece, [=](C w, C grad, int64_t i) {
    const C g = grad_scale * grad, m = average[i];
    const C direction = m + move1 * (g - m);
    average[i] = m + move2 * (g - m);
    const C change = direction > 0 ? lr : direction < 0 ? -lr : direction;  // 0, or NaN
    return keep * w - change;
  });
}

}  // namespace

extern const LionKernels lion_f32 = {lion<float>};
extern const LionKernels lion_f64 = {lion<double>};
extern const LionKernels lion_bf16 = {lion<bfloat16>};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
#endif

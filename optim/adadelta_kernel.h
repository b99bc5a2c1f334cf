// The kernel of Adadelta.
#pragma once

#include "tapehead/core/dtype.h"
#include "tapehead/core/kernels/family.h"
#include "tapehead/optim/piece.h"

namespace tapehead::kernels {

struct AdadeltaNumbers {
  double grad_scale;    // factor of the gradient
  double weight_decay;  // L2 penalty
  double lr, rho, eps;
};

/// Piece::state: the averages of the squared gradients and of the squared changes.
struct AdadeltaKernels {
  void (*step)(const optim::Piece&, const AdadeltaNumbers&);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_FLOATING(adadelta, AdadeltaKernels, "")

#ifdef TAPEHEAD_ISA
#include "tapehead/optim/detail/update_each.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T>
void adadelta(const Piece& piece, const AdadeltaNumbers& numbers) {
  using C = Compute<T>;
  const C grad_scale = C(numbers.grad_scale), decay = C(numbers.weight_decay), lr = C(numbers.lr);
  const C rho = C(numbers.rho), move = C(1 - numbers.rho), eps = C(numbers.eps);
  C* square = reinterpret_cast<C*>(piece.state[0]);
  C* change = reinterpret_cast<C*>(piece.state[1]);
  update_each<T>(piece, [=](C w, C grad, int64_t i) {
    const C g = grad_scale * grad + decay * w;
    const C s = rho * square[i] + move * g * g;
    const C d = root(change[i] + eps) / root(s + eps) * g;
    square[i] = s;
    change[i] = rho * change[i] + move * d * d;
    return w - lr * d;
  });
}

}  // namespace

extern const AdadeltaKernels adadelta_f32 = {adadelta<float>};
extern const AdadeltaKernels adadelta_f64 = {adadelta<double>};
extern const AdadeltaKernels adadelta_bf16 = {adadelta<bfloat16>};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
#endif

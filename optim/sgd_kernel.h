// The kernel of SGD.
#pragma once

#include "tapehead/core/dtype.h"
#include "tapehead/core/kernels/family.h"
#include "tapehead/optim/piece.h"

namespace tapehead::kernels {

struct SgdNumbers {
  double grad_scale;  // factor of the gradient
  double lr;
  double weight_decay;  // L2 penalty
  double momentum;
  double intake;  // 1 - dampening; 1 in the first step
  bool nesterov;
};

/// Piece::state: the momentum, or null.
struct SgdKernels {
  void (*step)(const optim::Piece&, const SgdNumbers&);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_FLOATING(sgd, SgdKernels, "")

#ifdef TAPEHEAD_ISA
#include "tapehead/optim/detail/update_each.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T>
void sgd(const Piece& piece, const SgdNumbers& numbers) {
  using C = Compute<T>;
  const C grad_scale = C(numbers.grad_scale), lr = C(numbers.lr), decay = C(numbers.weight_decay);
  const C momentum = C(numbers.momentum), intake = C(numbers.intake);
  C* velocity = reinterpret_cast<C*>(piece.state[0]);
  if (!velocity) {
    update_each<T>(piece,
                   [=](C w, C grad, int64_t) { return w - lr * (grad_scale * grad + decay * w); });
  } else if (numbers.nesterov) {
    update_each<T>(piece, [=](C w, C grad, int64_t i) {
      const C g = grad_scale * grad + decay * w;
      const C v = momentum * velocity[i] + intake * g;
      velocity[i] = v;
      return w - lr * (g + momentum * v);
    });
  } else {
    update_each<T>(piece, [=](C w, C grad, int64_t i) {
      const C v = momentum * velocity[i] + intake * (grad_scale * grad + decay * w);
      velocity[i] = v;
      return w - lr * v;
    });
  }
}

}  // namespace

extern const SgdKernels sgd_f32 = {sgd<float>};
extern const SgdKernels sgd_f64 = {sgd<double>};
extern const SgdKernels sgd_bf16 = {sgd<bfloat16>};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
#endif

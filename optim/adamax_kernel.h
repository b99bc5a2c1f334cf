// The kernel of Adamax.
#pragma once

#include "tapehead/core/dtype.h"
#include "tapehead/core/kernels/family.h"
#include "tapehead/optim/piece.h"

namespace tapehead::kernels {

struct AdamaxNumbers {
  double grad_scale;    // factor of the gradient
  double weight_decay;  // L2 penalty
  double beta1, beta2;
  double step_size;  // the learning rate with the first moment's bias correction
  double eps;
};

/// Piece::state: the first moment and the infinity norm.
struct AdamaxKernels {
  void (*step)(const optim::Piece&, const AdamaxNumbers&);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_FLOATING(adamax, AdamaxKernels, "")

#ifdef TAPEHEAD_ISA
#include "tapehead/optim/detail/update_each.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T>
void adamax(const Piece& piece, const AdamaxNumbers& numbers) {
  using C = Compute<T>;
  const C grad_scale = C(numbers.grad_scale), decay = C(numbers.weight_decay);
  const C move1 = C(1 - numbers.beta1), beta2 = C(numbers.beta2), eps = C(numbers.eps);
  const C step_size = C(numbers.step_size);
  C* first = reinterpret_cast<C*>(piece.state[0]);
  C* norm = reinterpret_cast<C*>(piece.state[1]);
  update_each<T>(piece, [=](C w, C grad, int64_t i) {
    const C g = grad_scale * grad + decay * w;
    const C m = first[i] + move1 * (g - first[i]);
    const C size = (g < 0 ? -g : g) + eps, past = beta2 * norm[i];
    const C u = size < past ? past : size;  // NaN if the gradient is
    first[i] = m;
    norm[i] = u;
    return w - step_size * m / u;
  });
}

}  // namespace

extern const AdamaxKernels adamax_f32 = {adamax<float>};
extern const AdamaxKernels adamax_f64 = {adamax<double>};
extern const AdamaxKernels adamax_bf16 = {adamax<bfloat16>};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
#endif

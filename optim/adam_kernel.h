// The kernel of Adam, AdamW, NAdam and RAdam.
#pragma once

#include "tapehead/core/dtype.h"
#include "tapehead/core/kernels/family.h"
#include "tapehead/optim/piece.h"

namespace tapehead::kernels {

struct AdamNumbers {
  double grad_scale;    // factor of the gradient
  double weight_decay;  // L2 penalty
  double keep;          // factor of the parameter: decoupled weight decay
  double beta1, beta2;
  double step_size;   // the learning rate with the first moment's bias correction
  double root_scale;  // bias correction of the root of the second moment
  double eps;
  double grad_step = 0;  // step size of the gradient itself, for NAdam
  bool adaptive = true;  // whether the update is divided by the root of the second moment
};

/// Piece::state: the first moment, the second moment, and the largest second moment or null.
struct AdamKernels {
  void (*step)(const optim::Piece&, const AdamNumbers&);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_FLOATING(adam, AdamKernels, "")

#ifdef TAPEHEAD_ISA
#include "tapehead/optim/detail/update_each.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

enum class AdamRule { kPlain, kAmsgrad, kNesterov, kNotAdaptive };

template <class T, AdamRule kRule>
void adam_of(const Piece& piece, const AdamNumbers& numbers) {
  using C = Compute<T>;
  const C grad_scale = C(numbers.grad_scale), decay = C(numbers.weight_decay);
  const C move1 = C(1 - numbers.beta1), beta2 = C(numbers.beta2), move2 = C(1 - numbers.beta2);
  const C step_size = C(numbers.step_size), root_scale = C(numbers.root_scale);
  const C keep = C(numbers.keep), eps = C(numbers.eps), grad_step = C(numbers.grad_step);
  C* first = reinterpret_cast<C*>(piece.state[0]);
  C* second = reinterpret_cast<C*>(piece.state[1]);
  C* largest = reinterpret_cast<C*>(piece.state[2]);
  update_each<T>(piece, [=](C w, C grad, int64_t i) {
    const C g = grad_scale * grad + decay * w;
    const C m = first[i] + move1 * (g - first[i]);
    C v = beta2 * second[i] + move2 * g * g;
    first[i] = m;
    second[i] = v;
    if constexpr (kRule == AdamRule::kAmsgrad) largest[i] = v = v < largest[i] ? largest[i] : v;
    C change = step_size * m;
    if constexpr (kRule == AdamRule::kNesterov) change += grad_step * g;
    if constexpr (kRule == AdamRule::kNotAdaptive) return keep * w - change;
    else return keep * w - change / (root(v) * root_scale + eps);
  });
}

template <class T>
void adam(const Piece& piece, const AdamNumbers& numbers) {
  if (!numbers.adaptive) adam_of<T, AdamRule::kNotAdaptive>(piece, numbers);
  else if (numbers.grad_step != 0) adam_of<T, AdamRule::kNesterov>(piece, numbers);
  else if (piece.state[2]) adam_of<T, AdamRule::kAmsgrad>(piece, numbers);
  else adam_of<T, AdamRule::kPlain>(piece, numbers);
}

}  // namespace

extern const AdamKernels adam_f32 = {adam<float>};
extern const AdamKernels adam_f64 = {adam<double>};
extern const AdamKernels adam_bf16 = {adam<bfloat16>};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
#endif

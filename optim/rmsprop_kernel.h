// The kernel of RMSprop.
#pragma once

#include "tapehead/core/dtype.h"
#include "tapehead/core/kernels/family.h"
#include "tapehead/optim/piece.h"

namespace tapehead::kernels {

struct RmspropNumbers {
  double grad_scale;    // factor of the gradient
  double weight_decay;  // L2 penalty
  double lr;
  double alpha;  // decay rate of the means
  double eps;
  double momentum;
  bool centered;  // subtract the squared mean from the mean square
};

/// Piece::state: the mean square, the mean or null, the momentum or null.
struct RmspropKernels {
  void (*step)(const optim::Piece&, const RmspropNumbers&);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_FLOATING(rmsprop, RmspropKernels, "")

#ifdef TAPEHEAD_ISA
#include "tapehead/optim/detail/update_each.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T, bool kCentered, bool kMomentum>
void rmsprop_of(const Piece& piece, const RmspropNumbers& numbers) {
  using C = Compute<T>;
  const C grad_scale = C(numbers.grad_scale), decay = C(numbers.weight_decay), lr = C(numbers.lr);
  const C alpha = C(numbers.alpha), move = C(1 - numbers.alpha), eps = C(numbers.eps);
  const C momentum = C(numbers.momentum), infinity = C(__builtin_inf());
  C* square = reinterpret_cast<C*>(piece.state[0]);
  C* mean = reinterpret_cast<C*>(piece.state[1]);
  C* velocity = reinterpret_cast<C*>(piece.state[2]);
  update_each<T>(piece, [=](C w, C grad, int64_t i) {
    const C g = grad_scale * grad + decay * w;
    C s = alpha * square[i] + move * g * g;
    square[i] = s;
    if constexpr (kCentered) {
      const C m = mean[i] + move * (g - mean[i]);
      mean[i] = m;
      const C below = m * m;
      // Negative only by rounding. If the squares overflow, divide by infinity, as without a mean,
      // not by eps. NaN is kept.
      s = below == infinity ? s : s < below ? C(0) : s - below;
    }
    C change = g / (root(s) + eps);
    if constexpr (kMomentum) velocity[i] = change += momentum * velocity[i];
    return w - lr * change;
  });
}

template <class T>
void rmsprop(const Piece& piece, const RmspropNumbers& numbers) {
  const bool momentum = numbers.momentum != 0;
  if (numbers.centered)
    (momentum ? rmsprop_of<T, true, true> : rmsprop_of<T, true, false>)(piece, numbers);
  else (momentum ? rmsprop_of<T, false, true> : rmsprop_of<T, false, false>)(piece, numbers);
}

}  // namespace

extern const RmspropKernels rmsprop_f32 = {rmsprop<float>};
extern const RmspropKernels rmsprop_f64 = {rmsprop<double>};
extern const RmspropKernels rmsprop_bf16 = {rmsprop<bfloat16>};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
#endif

// Optimizer kernels: SGD (Sutskever et al. 2013, as PyTorch has it), Adam (Kingma and Ba 2015),
// AdamW (Loshchilov and Hutter 2019), AMSGrad (Reddi et al. 2018), RMSprop (Tieleman and Hinton
// 2012; centered: Graves 2013).
#include "tapehead/core/kernels/optim.h"

#include <type_traits>

#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

inline float root(float x) { return __builtin_sqrtf(x); }
inline double root(double x) { return __builtin_sqrt(x); }

// Replaces each parameter w by update(w, gradient, i).
template <class T, class F>
inline void update_each(const OptimPiece& piece, F update) {
  T* param = reinterpret_cast<T*>(piece.param);
  const T* grad = reinterpret_cast<const T*>(piece.grad);
  if constexpr (std::is_same_v<T, bfloat16>) {
    float* master = reinterpret_cast<float*>(piece.master);
#pragma GCC ivdep
    for (int64_t i = 0; i < piece.n; ++i) {
      const bool ours = bfloat16(master[i]).bits == param[i].bits;
      const float w = update(ours ? master[i] : float(param[i]), float(grad[i]), i);
      master[i] = w;
      param[i] = bfloat16(w);
    }
  } else {
#pragma GCC ivdep
    for (int64_t i = 0; i < piece.n; ++i) param[i] = update(param[i], grad[i], i);
  }
}

template <class T>
void sgd(const OptimPiece& piece, const SgdNumbers& numbers) {
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

template <class T, bool kAmsgrad>
void adam_of(const OptimPiece& piece, const AdamNumbers& numbers) {
  using C = Compute<T>;
  const C grad_scale = C(numbers.grad_scale), decay = C(numbers.weight_decay);
  const C move1 = C(1 - numbers.beta1), beta2 = C(numbers.beta2), move2 = C(1 - numbers.beta2);
  const C step_size = C(numbers.step_size), root_scale = C(numbers.root_scale);
  const C keep = C(numbers.keep), eps = C(numbers.eps);
  C* first = reinterpret_cast<C*>(piece.state[0]);
  C* second = reinterpret_cast<C*>(piece.state[1]);
  C* largest = reinterpret_cast<C*>(piece.state[2]);
  update_each<T>(piece, [=](C w, C grad, int64_t i) {
    const C g = grad_scale * grad + decay * w;
    const C m = first[i] + move1 * (g - first[i]);
    C v = beta2 * second[i] + move2 * g * g;
    first[i] = m;
    second[i] = v;
    if constexpr (kAmsgrad) largest[i] = v = v < largest[i] ? largest[i] : v;
    return keep * w - step_size * m / (root(v) * root_scale + eps);
  });
}

template <class T>
void adam(const OptimPiece& piece, const AdamNumbers& numbers) {
  if (piece.state[2]) adam_of<T, true>(piece, numbers);
  else adam_of<T, false>(piece, numbers);
}

template <class T, bool kCentered, bool kMomentum>
void rmsprop_of(const OptimPiece& piece, const RmspropNumbers& numbers) {
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
      // Below 0 only by rounding. Where squares overflow the gradient is to be divided by infinity,
      // as without a mean, not by eps; NaN stays.
      s = below == infinity ? s : s < below ? C(0) : s - below;
    }
    C change = g / (root(s) + eps);
    if constexpr (kMomentum) velocity[i] = change += momentum * velocity[i];
    return w - lr * change;
  });
}

template <class T>
void rmsprop(const OptimPiece& piece, const RmspropNumbers& numbers) {
  const bool momentum = numbers.momentum != 0;
  if (numbers.centered)
    (momentum ? rmsprop_of<T, true, true> : rmsprop_of<T, true, false>)(piece, numbers);
  else (momentum ? rmsprop_of<T, false, true> : rmsprop_of<T, false, false>)(piece, numbers);
}

template <class T>
void average(char* averages, const char* values, int64_t n, double weight) {
  using C = Compute<T>;
  C* mean = reinterpret_cast<C*>(averages);
  const T* x = reinterpret_cast<const T*>(values);
  const C w = C(weight);
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) mean[i] = w == 1 ? C(x[i]) : mean[i] + w * (C(x[i]) - mean[i]);
}

struct Abs {
  static double of(double x) { return __builtin_fabs(x); }
  static double join(double a, double b) { return a + b; }
};
struct Square {
  static double of(double x) { return x * x; }
  static double join(double a, double b) { return a + b; }
};
struct Largest {
  static double of(double x) { return __builtin_fabs(x); }
  static double join(double a, double b) { return b > a || b != b ? b : a; }
};

// In double, so that no gradient overflows or is lost; in lanes, so that additions do not wait for
// each other.
template <class T, class F>
double reduce(const char* values, int64_t n) {
  constexpr int kLanes = 32;
  const T* x = reinterpret_cast<const T*>(values);
  double lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (int j = 0; j < kLanes; ++j)
      lanes[j] = F::join(lanes[j], F::of(double(Compute<T>(x[i + j]))));
  for (int j = 0; i + j < n; ++j) lanes[j] = F::join(lanes[j], F::of(double(Compute<T>(x[i + j]))));
  for (int half = kLanes / 2; half > 0; half /= 2)
    for (int j = 0; j < half; ++j) lanes[j] = F::join(lanes[j], lanes[j + half]);
  return lanes[0];
}

template <class T>
void scale(char* values, int64_t n, double by) {
  using C = Compute<T>;
  T* x = reinterpret_cast<T*>(values);
  const C factor = C(by);
  for (int64_t i = 0; i < n; ++i) x[i] = T(C(x[i]) * factor);
}

template <class T>
void clamp(char* values, int64_t n, double bound) {
  using C = Compute<T>;
  T* x = reinterpret_cast<T*>(values);
  const C high = C(bound);
  for (int64_t i = 0; i < n; ++i) {
    const C value = C(x[i]);
    x[i] = T(value > high ? high : value < -high ? -high : value);
  }
}

}  // namespace

extern const OptimKernels optim_kernels = {
    .sgd = {sgd<float>, sgd<double>, sgd<bfloat16>},
    .adam = {adam<float>, adam<double>, adam<bfloat16>},
    .rmsprop = {rmsprop<float>, rmsprop<double>, rmsprop<bfloat16>},
    .average = {average<float>, average<double>, average<bfloat16>},
    .abs_sum = {reduce<float, Abs>, reduce<double, Abs>, reduce<bfloat16, Abs>},
    .square_sum = {reduce<float, Square>, reduce<double, Square>, reduce<bfloat16, Square>},
    .abs_max = {reduce<float, Largest>, reduce<double, Largest>, reduce<bfloat16, Largest>},
    .scale = {scale<float>, scale<double>, scale<bfloat16>},
    .clamp = {clamp<float>, clamp<double>, clamp<bfloat16>},
};

}  // namespace tapehead::kernels::TAPEHEAD_ISA

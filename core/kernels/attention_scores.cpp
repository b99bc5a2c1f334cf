#include "tapehead/core/kernels/attention_scores.h"

#include "tapehead/core/kernels/row_sums.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T>
T accumulate(T* x, int64_t n, T* largest, double* sum) {
  constexpr T kLeast = -static_cast<T>(__builtin_inf());
  const T before = *largest, here = row_max<T>(n, [=](int64_t i) { return x[i]; });
  const T shift = here > before ? here : before;
  const T from = shift == kLeast ? T(0) : shift;  // then all x are -inf or NaN; NaN propagates
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) x[i] = exp_of(x[i] - from);
  const T factor = here > before ? exp_of(before - shift) : T(1);
  *largest = shift;
  *sum = *sum * static_cast<double>(factor) + row_sum<T>(n, [=](int64_t i) { return x[i]; });
  return factor;
}

template <class T>
void weights(T* x, int64_t n, T shift) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) x[i] = exp_of(x[i] - shift);
}

template <class T>
void gradient(const T* weight, T* dx, int64_t n, T delta) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) dx[i] = weight[i] * (dx[i] - delta);
}

template <class T>
void hide(T* x, const bool* seen, int64_t step, int64_t n) {
  constexpr T kHidden = -static_cast<T>(__builtin_inf());
  if (step == 1) {
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) x[i] = seen[i] ? x[i] : kHidden;
  } else {
    for (int64_t i = 0; i < n; ++i) x[i] = seen[i * step] ? x[i] : kHidden;
  }
}

template <class T>
void add_up(T* to, const T* x, int64_t n) {
  T sum = *to;
  for (int64_t i = 0; i < n; ++i) sum += x[i];
  *to = sum;
}

template <class T>
TAPEHEAD_NOT_CONTRACTED double dot(const T* x, int64_t x_step, const T* y, int64_t y_step,
                                   int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i)
    sum += static_cast<double>(x[i * x_step]) * static_cast<double>(y[i * y_step]);
  return sum;
}

template <class T>
constexpr AttentionKernels<T> kKernels = {accumulate<T>, weights<T>, gradient<T>,
                                          hide<T>,       add_up<T>,  dot<T>};

}  // namespace

extern const AttentionKernels<float> attention_f32 = kKernels<float>;
extern const AttentionKernels<double> attention_f64 = kKernels<double>;

}  // namespace tapehead::kernels::TAPEHEAD_ISA

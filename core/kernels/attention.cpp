#include "tapehead/core/kernels/attention.h"

#include "tapehead/core/kernels/isa.h"
#include "tapehead/core/kernels/row_sums.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T>
T accumulate(T* x, int64_t n, T* largest, double* sum) {
  constexpr T kLeast = -static_cast<T>(__builtin_inf());
  const T before = *largest, here = row_max<T>(n, [=](int64_t i) { return x[i]; });
  const T shift = here > before ? here : before;
  const T from = shift == kLeast ? T(0) : shift;  // then x is -inf, or NaN, which stays
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

}  // namespace

extern const AttentionKernels<float> attention_f32 = {accumulate<float>, weights<float>,
                                                      gradient<float>};
extern const AttentionKernels<double> attention_f64 = {accumulate<double>, weights<double>,
                                                       gradient<double>};

}  // namespace tapehead::kernels::TAPEHEAD_ISA

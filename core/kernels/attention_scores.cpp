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
double dot(const T* x, const T* y, int64_t n) {
  return row_sum<T>(n, [=](int64_t i) { return x[i] * y[i]; });
}

// Rows are far apart in memory, where the CPU does not foresee the next.
constexpr int64_t kRowsAhead = 8;

template <class T, class S>
void read_rows(T* to, const S* from, int64_t step, int64_t rows, int64_t n, T scale) {
  for (int64_t r = 0; r < rows; ++r, to += n, from += step) {
    const char* const next = reinterpret_cast<const char*>(from + kRowsAhead * step);
    for (int64_t byte = 0; byte < n * int64_t{sizeof(S)}; byte += 64)
      __builtin_prefetch(next + byte);
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) to[i] = static_cast<T>(from[i]) * scale;
  }
}
template <class T>
void read(T* to, const void* from, DType type, int64_t step, int64_t rows, int64_t n, T scale) {
  if (type == DType::bf16) read_rows(to, static_cast<const bfloat16*>(from), step, rows, n, scale);
  else read_rows(to, static_cast<const T*>(from), step, rows, n, scale);
}

template <class T, class S>
void write_rows(const T* from, S* to, int64_t step, int64_t rows, int64_t n, const T* scales,
                int64_t scale_step) {
  for (int64_t r = 0; r < rows; ++r, from += n, to += step) {
    const T scale = scales[r * scale_step];
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) to[i] = static_cast<S>(from[i] * scale);
  }
}
template <class T>
void write(const T* from, void* to, DType type, int64_t step, int64_t rows, int64_t n,
           const T* scales, int64_t scale_step) {
  if (type == DType::bf16)
    write_rows(from, static_cast<bfloat16*>(to), step, rows, n, scales, scale_step);
  else write_rows(from, static_cast<T*>(to), step, rows, n, scales, scale_step);
}

template <class T>
constexpr AttentionKernels<T> kKernels = {accumulate<T>, weights<T>, gradient<T>, hide<T>,
                                          add_up<T>,     dot<T>,     read<T>,     write<T>};

}  // namespace

extern const AttentionKernels<float> attention_f32 = kKernels<float>;
extern const AttentionKernels<double> attention_f64 = kKernels<double>;

}  // namespace tapehead::kernels::TAPEHEAD_ISA

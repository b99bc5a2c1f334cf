// softmax, log_softmax and their gradients; the pieces of cross entropy.
#include "tapehead/core/kernels/rows.h"
#include "tapehead/core/kernels/row_sums.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

constexpr int64_t kColumns = 64;  // columns processed together

// y = exp(x - shift) * scale; for logs, x - shift - scale.
template <bool kLog, class C>
inline C normalised(C x, C shift, C scale) {
  if constexpr (kLog) return x - shift - scale;
  else return exp_of(x - shift) * scale;
}
template <bool kLog, class C>
inline C scale_of(double sum) {
  return static_cast<C>(kLog ? __builtin_log(sum) : 1 / sum);
}

// Each exponential is computed once and kept in y, if y is precise enough.
template <bool kLog, class T>
constexpr bool kKeepsExp = !kLog && sizeof(T) == sizeof(Compute<T>);

template <bool kLog, class T>
void softmax(const void* x_, void* y_, int64_t rows, int64_t n) {
  using C = Compute<T>;
  for (int64_t r = 0; r < rows; ++r) {
    const T* x = static_cast<const T*>(x_) + r * n;
    T* y = static_cast<T*>(y_) + r * n;
    const C shift = row_max<C>(n, [=](int64_t i) { return C(x[i]); });
    if constexpr (kKeepsExp<kLog, T>) {
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) y[i] = exp_of(x[i] - shift);
      const C scale = scale_of<kLog, C>(row_sum<C>(n, [=](int64_t i) { return y[i]; }));
      for (int64_t i = 0; i < n; ++i) y[i] *= scale;
    } else {
      const C scale =
          scale_of<kLog, C>(row_sum<C>(n, [=](int64_t i) { return exp_of(C(x[i]) - shift); }));
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) y[i] = T(normalised<kLog>(C(x[i]), shift, scale));
    }
  }
}

template <bool kLog, class T>
void softmax_columns(const void* x_, void* y_, int64_t n, int64_t stride, int64_t cols) {
  using C = Compute<T>;
  for (int64_t begin = 0; begin < cols; begin += kColumns) {
    const int64_t count = cols - begin < kColumns ? cols - begin : kColumns;
    const T* x = static_cast<const T*>(x_) + begin;
    T* y = static_cast<T*>(y_) + begin;
    C shift[kColumns], scale[kColumns];
    double sum[kColumns];
    for (int64_t c = 0; c < count; ++c) shift[c] = C(x[c]), sum[c] = 0;
    for (int64_t r = 1; r < n; ++r)
      for (int64_t c = 0; c < count; ++c)
        shift[c] = C(x[r * stride + c]) > shift[c] ? C(x[r * stride + c]) : shift[c];
    for (int64_t r = 0; r < n; ++r)
#pragma GCC ivdep
      for (int64_t c = 0; c < count; ++c) {
        const C e = exp_of(C(x[r * stride + c]) - shift[c]);
        if constexpr (kKeepsExp<kLog, T>) y[r * stride + c] = e;
        sum[c] += static_cast<double>(e);
      }
    for (int64_t c = 0; c < count; ++c) scale[c] = scale_of<kLog, C>(sum[c]);
    for (int64_t r = 0; r < n; ++r)
#pragma GCC ivdep
      for (int64_t c = 0; c < count; ++c) {
        if constexpr (kKeepsExp<kLog, T>) y[r * stride + c] *= scale[c];
        else y[r * stride + c] = T(normalised<kLog>(C(x[r * stride + c]), shift[c], scale[c]));
      }
  }
}

// dx = y (dy - sum dy y); for logs, dy - exp(y) sum dy.
template <bool kLog, class C>
inline C term(C y, C dy) {
  return kLog ? dy : dy * y;
}
template <bool kLog, class C>
inline C gradient(C y, C dy, C sum) {
  if constexpr (kLog) return dy - exp_of(y) * sum;
  else return y * (dy - sum);
}

template <bool kLog, class T>
void softmax_grad(const void* y_, const void* dy_, void* dx_, int64_t rows, int64_t n) {
  using C = Compute<T>;
  for (int64_t r = 0; r < rows; ++r) {
    const T *y = static_cast<const T*>(y_) + r * n, *dy = static_cast<const T*>(dy_) + r * n;
    T* dx = static_cast<T*>(dx_) + r * n;
    const C sum =
        static_cast<C>(row_sum<C>(n, [=](int64_t i) { return term<kLog>(C(y[i]), C(dy[i])); }));
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) dx[i] = T(gradient<kLog>(C(y[i]), C(dy[i]), sum));
  }
}

template <bool kLog, class T>
void softmax_grad_columns(const void* y_, const void* dy_, void* dx_, int64_t n, int64_t stride,
                          int64_t cols) {
  using C = Compute<T>;
  for (int64_t begin = 0; begin < cols; begin += kColumns) {
    const int64_t count = cols - begin < kColumns ? cols - begin : kColumns;
    const T *y = static_cast<const T*>(y_) + begin, *dy = static_cast<const T*>(dy_) + begin;
    T* dx = static_cast<T*>(dx_) + begin;
    double sum[kColumns];
    for (int64_t c = 0; c < count; ++c) sum[c] = 0;
    for (int64_t r = 0; r < n; ++r)
      for (int64_t c = 0; c < count; ++c)
        sum[c] += static_cast<double>(term<kLog>(C(y[r * stride + c]), C(dy[r * stride + c])));
    for (int64_t r = 0; r < n; ++r)
#pragma GCC ivdep
      for (int64_t c = 0; c < count; ++c)
        dx[r * stride + c] =
            T(gradient<kLog>(C(y[r * stride + c]), C(dy[r * stride + c]), C(sum[c])));
  }
}

template <class T>
void exp_sum(const void* x_, int64_t n, double* largest, double* sum) {
  using C = Compute<T>;
  const T* x = static_cast<const T*>(x_);
  const C shift = row_max<C>(n, [=](int64_t i) { return C(x[i]); });
  *largest = static_cast<double>(shift);
  *sum = row_sum<C>(n, [=](int64_t i) { return exp_of(C(x[i]) - shift); });
}

template <class T>
double weighted_distance(const void* x_, int64_t n, double shift_, const void* weight_) {
  using C = Compute<T>;
  const T* x = static_cast<const T*>(x_);
  const C* weight = static_cast<const C*>(weight_);
  const C shift = static_cast<C>(shift_);
  if (!weight) return row_sum<C>(n, [=](int64_t i) { return shift - C(x[i]); });
  return row_sum<C>(n, [=](int64_t i) { return weight[i] * (shift - C(x[i])); });
}

template <class T>
void scaled_exp(const void* x_, void* dx_, int64_t n, double shift_, double scale_, double push_,
                const void* weight_) {
  using C = Compute<T>;
  const T* x = static_cast<const T*>(x_);
  T* dx = static_cast<T*>(dx_);
  const C* weight = static_cast<const C*>(weight_);
  const C shift = static_cast<C>(shift_), scale = static_cast<C>(scale_),
          push = static_cast<C>(push_);
  if (!weight) {
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) dx[i] = T(scale * exp_of(C(x[i]) - shift) - push);
  } else {
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) dx[i] = T(scale * exp_of(C(x[i]) - shift) - push * weight[i]);
  }
}

template <class T>
constexpr RowKernels row_kernels_of() {
  return {
      .softmax = {softmax<false, T>, softmax<true, T>},
      .softmax_columns = {softmax_columns<false, T>, softmax_columns<true, T>},
      .softmax_grad = {softmax_grad<false, T>, softmax_grad<true, T>},
      .softmax_grad_columns = {softmax_grad_columns<false, T>, softmax_grad_columns<true, T>},
      .exp_sum = exp_sum<T>,
      .weighted_distance = weighted_distance<T>,
      .scaled_exp = scaled_exp<T>,
  };
}

}  // namespace

extern const RowKernels rows_f32 = row_kernels_of<float>();
extern const RowKernels rows_f64 = row_kernels_of<double>();
extern const RowKernels rows_bf16 = row_kernels_of<bfloat16>();

}  // namespace tapehead::kernels::TAPEHEAD_ISA

// layer_norm and rms_norm.
#include "tapehead/core/kernels/norm.h"
#include "tapehead/core/kernels/row_sums.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <bool kRms, class T>
void forward(const void* x_, const void* weight_, const void* bias_, void* y_, void* stats_,
             int64_t rows, int64_t n, double eps) {
  using C = Compute<T>;
  const C *weight = static_cast<const C*>(weight_), *bias = static_cast<const C*>(bias_);
  C* stats = static_cast<C*>(stats_);
  const double size = static_cast<double>(n);
  for (int64_t r = 0; r < rows; ++r, stats += 2) {
    const T* x = static_cast<const T*>(x_) + r * n;
    T* y = static_cast<T*>(y_) + r * n;
    const C mean =
        kRms ? C(0) : static_cast<C>(row_sum<C>(n, [=](int64_t i) { return C(x[i]); }) / size);
    const double squares =
        row_sum<C>(n, [=](int64_t i) { return (C(x[i]) - mean) * (C(x[i]) - mean); });
    const C rstd = static_cast<C>(1 / __builtin_sqrt(squares / size + eps));
    stats[0] = mean;
    stats[1] = rstd;
    if (weight && bias) {
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) y[i] = T((C(x[i]) - mean) * rstd * weight[i] + bias[i]);
    } else if (weight) {
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) y[i] = T((C(x[i]) - mean) * rstd * weight[i]);
    } else {
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) y[i] = T((C(x[i]) - mean) * rstd + (bias ? bias[i] : C(0)));
    }
  }
}

// With z = (x - mean) rstd and g = dy weight: dx = rstd (g - mean(g) - z mean(g z)).
template <bool kRms, class T, class Weight>
void input_gradient(const T* x, const T* dy, T* dx, int64_t n, Compute<T> mean, Compute<T> rstd,
                    Weight weight) {
  using C = Compute<T>;
  const C size = static_cast<C>(n);
  const C along = static_cast<C>(row_sum<C>(
                      n, [=](int64_t i) { return C(dy[i]) * weight(i) * (C(x[i]) - mean); })) *
                  rstd / size;
  const C level =
      kRms ? C(0)
           : static_cast<C>(row_sum<C>(n, [=](int64_t i) { return C(dy[i]) * weight(i); })) / size;
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i)
    dx[i] = T(rstd * (C(dy[i]) * weight(i) - level - (C(x[i]) - mean) * rstd * along));
}

template <bool kRms, class T>
void backward(const void* x_, const void* weight_, const void* dy_, const void* stats_, void* dx_,
              void* dweight_, void* dbias_, int64_t rows, int64_t n) {
  using C = Compute<T>;
  const C *weight = static_cast<const C*>(weight_), *stats = static_cast<const C*>(stats_);
  C *dweight = static_cast<C*>(dweight_), *dbias = static_cast<C*>(dbias_);
  for (int64_t r = 0; r < rows; ++r, stats += 2) {
    const T *x = static_cast<const T*>(x_) + r * n, *dy = static_cast<const T*>(dy_) + r * n;
    T* dx = dx_ ? static_cast<T*>(dx_) + r * n : nullptr;
    const C mean = stats[0], rstd = stats[1];
    if (dx && weight)
      input_gradient<kRms>(x, dy, dx, n, mean, rstd, [=](int64_t i) { return weight[i]; });
    else if (dx) input_gradient<kRms>(x, dy, dx, n, mean, rstd, [=](int64_t) { return C(1); });
    if (dweight) {
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) dweight[i] += C(dy[i]) * ((C(x[i]) - mean) * rstd);
    }
    if (dbias) {
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) dbias[i] += C(dy[i]);
    }
  }
}

template <class T>
constexpr NormKernels norm_kernels_of() {
  return {.forward = {forward<false, T>, forward<true, T>},
          .backward = {backward<false, T>, backward<true, T>}};
}

}  // namespace

extern const NormKernels norm_f32 = norm_kernels_of<float>();
extern const NormKernels norm_f64 = norm_kernels_of<double>();
extern const NormKernels norm_bf16 = norm_kernels_of<bfloat16>();

}  // namespace tapehead::kernels::TAPEHEAD_ISA

// Kernels of margins between the classes of a row of n scores.
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

template <class T>
struct MultiMarginKernels {
  /// The sum over i != target of max(0, margin - x[target] + x[i]), or of its square. Writes
  /// `scale` times the derivative to dx, unless it is null.
  double (*one)(const T* x, int64_t n, int64_t target, T margin, bool squared, T* dx, T scale);
  /// The sum over the classes j among the first `count` targets, and the classes i with others[i] =
  /// 1, of max(0, 1 - x[j] + x[i]). Others are 0 for targets, else 1. Adds `scale` times the
  /// derivative to dx, unless it is null.
  double (*many)(const T* x, int64_t n, const int64_t* targets, int64_t count, const T* others,
                 T* dx, T scale);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_WIDE(multi_margin, MultiMarginKernels, "multi_margin_loss multilabel_margin_loss")

#ifdef TAPEHEAD_ISA
#include "tapehead/core/kernels/row_sums.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T>
inline T above_zero(T x) {  // propagates NaN
  return x <= 0 ? 0 : x;
}

template <class T, class F>
inline double sum_of_others(int64_t n, int64_t target, F term) {
  return row_sum<T>(target, term) +
         row_sum<T>(n - target - 1, [=](int64_t i) { return term(target + 1 + i); });
}

template <class T>
double one(const T* x, int64_t n, int64_t target, T margin, bool squared, T* dx, T scale) {
  const T shift = margin - x[target];
  if (!dx && !squared)
    return sum_of_others<T>(n, target, [=](int64_t i) { return above_zero(shift + x[i]); });
  if (!dx)
    return sum_of_others<T>(n, target, [=](int64_t i) {
      const T z = above_zero(shift + x[i]);
      return z * z;
    });
  if (squared) {
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) dx[i] = 2 * scale * above_zero(shift + x[i]);
  } else {
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) dx[i] = shift + x[i] > 0 ? scale : 0;
  }
  dx[target] = static_cast<T>(-sum_of_others<T>(n, target, [=](int64_t i) { return dx[i]; }));
  return 0;
}

template <class T>
double many(const T* x, int64_t n, const int64_t* targets, int64_t count, const T* others, T* dx,
            T scale) {
  double total = 0;
  for (int64_t t = 0; t < count; ++t) {
    const T shift = 1 - x[targets[t]];
    if (!dx) {
      total += row_sum<T>(n, [=](int64_t i) { return others[i] * above_zero(shift + x[i]); });
      continue;
    }
    const double violations =
        row_sum<T>(n, [=](int64_t i) { return shift + x[i] > 0 ? others[i] : 0; });
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) dx[i] += shift + x[i] > 0 ? scale * others[i] : 0;
    dx[targets[t]] -= scale * static_cast<T>(violations);
  }
  return total;
}

}  // namespace

extern const MultiMarginKernels<float> multi_margin_f32 = {one<float>, many<float>};
extern const MultiMarginKernels<double> multi_margin_f64 = {one<double>, many<double>};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
#endif

// For kernel files: sums of probabilities by their logarithms. Everything here has internal
// linkage.
#pragma once

#include "tapehead/core/kernels/row_sums.h"

namespace tapehead::kernels {
namespace {

/// The log of an impossible state: finite, so that differences are not NaN.
template <class T>
inline constexpr T kNever = T(-1e30);

template <class T>
inline T larger(T a, T b) {
  return b > a ? b : a;
}
/// Minus infinity, such as the log-probability of a masked symbol, becomes kNever.
template <class T>
inline T possible(T x) {
  return x < kNever<T> ? kNever<T> : x;
}
template <class T>
inline T log_add(T a, T b) {
  const T most = larger(a, b);
  return most + log_of(exp_of(a - most) + exp_of(b - most));
}
template <class T>
inline T log_add(T a, T b, T c) {
  const T most = larger(larger(a, b), c);
  return most + log_of(exp_of(a - most) + exp_of(b - most) + exp_of(c - most));
}

/// Divides a row of n > 0 probabilities by the largest; returns its log, or 0 if all are
/// impossible.
template <class T>
inline double normalise(T* row, int64_t n) {
  const T most = row_max<T>(n, [=](int64_t i) { return row[i]; });
  if (most < kNever<T> / 2) return 0;
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) row[i] = possible(row[i] - most);
  return static_cast<double>(most);
}

}  // namespace
}  // namespace tapehead::kernels

// Kernels of cdist and pdist.
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

template <class T>
struct DistanceKernels {
  /// out[j] = the p-norm of x - y[j], for `count` rows y[j] of n elements.
  void (*forward)(const T* x, const T* y, T* out, int64_t count, int64_t n, double p);
  /// dx += the sum of dout[j] times the derivative of out[j] with respect to x.
  void (*backward)(const T* x, const T* y, const T* out, const T* dout, T* dx, int64_t count,
                   int64_t n, double p);
  /// The sum of the squares of x.
  T (*squares)(const T* x, int64_t n);
  /// out[j] = sqrt(xx + yy[j] - 2 out[j]), given products x y[j] and squares; 0 for the root of a
  /// negative number, a rounding error.
  void (*from_products)(T* out, T xx, const T* yy, int64_t count);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_WIDE(distance, DistanceKernels, "cdist pdist")

#ifdef TAPEHEAD_ISA
#include "tapehead/core/kernels/row_sums.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

// Norms. A term of the sum, the distance, and its derivative with respect to one difference d:
// dout * slope(d, …), with a factor that is computed once for each distance.
struct Norm0 {
  template <class T>
  static T of(const T* x, const T* y, int64_t n, double) {
    return lane_sum<T>(n, [=](int64_t i) { return x[i] != y[i] ? T(1) : T(0); });
  }
  template <class T>
  static T factor(T, T, double) {
    return 0;
  }
  template <class T>
  static T slope(T, T, T, double) {
    return 0;
  }
};
struct Norm1 {
  template <class T>
  static T of(const T* x, const T* y, int64_t n, double) {
    return lane_sum<T>(n, [=](int64_t i) { return absolute(x[i] - y[i]); });
  }
  template <class T>
  static T factor(T dout, T, double) {
    return dout;
  }
  template <class T>
  static T slope(T d, T, T factor, double) {
    return d > 0 ? factor : d < 0 ? -factor : T(0);
  }
};
struct Norm2 {
  template <class T>
  static T of(const T* x, const T* y, int64_t n, double) {
    return sqrt_of(lane_sum<T>(n, [=](int64_t i) { return (x[i] - y[i]) * (x[i] - y[i]); }));
  }
  template <class T>
  static T factor(T dout, T out, double) {
    return out == 0 ? T(0) : dout / out;
  }
  template <class T>
  static T slope(T d, T, T factor, double) {
    return d * factor;
  }
};
struct NormInfinity {
  template <class T>
  static T of(const T* x, const T* y, int64_t n, double) {
    const T largest = row_max<T>(n, [=](int64_t i) { return absolute(x[i] - y[i]); });
    const T any_nan = lane_sum<T>(n, [=](int64_t i) { return (x[i] - y[i]) * 0; });
    return largest + (is_nan(any_nan) && !(largest == kInfinity) ? any_nan : T(0));
  }
  template <class T>
  static T factor(T dout, T, double) {
    return dout;
  }
  template <class T>
  static T slope(T d, T out, T factor, double) {
    return absolute(d) != out ? T(0) : d > 0 ? factor : d < 0 ? -factor : T(0);
  }
};
template <class T>
inline T power(T positive, T p) {
  return exp_of(p * log_of(positive));
}
struct NormP {
  template <class T>
  static T of(const T* x, const T* y, int64_t n, double p_) {
    const T p = static_cast<T>(p_);
    const T total = lane_sum<T>(n, [=](int64_t i) {
      const T d = absolute(x[i] - y[i]);
      return d == 0 ? T(0) : power(d, p);
    });
    return total == 0 ? T(0) : power(total, 1 / p);
  }
  template <class T>
  static T factor(T dout, T out, double p) {
    return out == 0 ? T(0) : dout * power(out, static_cast<T>(1 - p));
  }
  template <class T>
  static T slope(T d, T, T factor, double p) {
    const T scaled = d == 0 ? T(0) : factor * power(absolute(d), static_cast<T>(p - 1));
    return d < 0 ? -scaled : scaled;
  }
};

template <class F>
inline void with_norm(double p, F f) {
  if (p == 0) f(Norm0());
  else if (p == 1) f(Norm1());
  else if (p == 2) f(Norm2());
  else if (p > 1e300) f(NormInfinity());
  else f(NormP());
}

template <class T>
void forward(const T* x, const T* y, T* out, int64_t count, int64_t n, double p) {
  with_norm(p, [=](auto norm) {
    for (int64_t j = 0; j < count; ++j) out[j] = n == 0 ? T(0) : norm.of(x, y + j * n, n, p);
  });
}

template <class T>
void backward(const T* x, const T* y, const T* out, const T* dout, T* dx, int64_t count, int64_t n,
              double p) {
  with_norm(p, [=](auto norm) {
    for (int64_t j = 0; j < count; ++j) {
      const T factor = norm.factor(dout[j], out[j], p), distance = out[j];
      const T* row = y + j * n;
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) dx[i] += norm.slope(x[i] - row[i], distance, factor, p);
    }
  });
}

template <class T>
T squares(const T* x, int64_t n) {
  return lane_sum<T>(n, [=](int64_t i) { return x[i] * x[i]; });
}

template <class T>
void from_products(T* out, T xx, const T* yy, int64_t count) {
#pragma GCC ivdep
  for (int64_t j = 0; j < count; ++j) {
    const T square = xx + yy[j] - 2 * out[j];
    out[j] = sqrt_of(square < 0 ? T(0) : square);
  }
}

}  // namespace

extern const DistanceKernels<float> distance_f32 = {forward<float>, backward<float>, squares<float>,
                                                    from_products<float>};
extern const DistanceKernels<double> distance_f64 = {forward<double>, backward<double>,
                                                     squares<double>, from_products<double>};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
#endif

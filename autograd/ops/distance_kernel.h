// Kernels of cdist and pdist.
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

/// Rows of n elements: element i of row j is at data[j * row + i * column]. One stride is 1.
template <class T>
struct Rows {
  const T* data;
  int64_t row, column;
};

template <class T>
struct DistanceKernels {
  /// out[j] = the p-norm of x - y[j], for `count` rows y[j] of n elements.
  void (*forward)(const T* x, Rows<T> y, T* out, int64_t count, int64_t n, double p);
  /// dx += the sum of dout[j] times the derivative of out[j] with respect to x.
  void (*backward)(const T* x, Rows<T> y, const T* out, const T* dout, T* dx, int64_t count,
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

inline constexpr int64_t kBlock = 512;  // rows y whose distances are computed at a time

// A norm is root(join(term(d[0]), join(term(d[1]), …))) of differences d. Its derivative with
// respect to d[i] times dout is slope(d[i], norm, factor(dout, norm)).
struct NormBase {
  double p;
  template <class T>
  T join(T a, T b) const {
    return a + b;
  }
  template <class T>
  T root(T total) const {
    return total;
  }
  template <class T>
  T factor(T dout, T) const {
    return dout;
  }
};
template <class T>
inline T with_sign(T magnitude, T d) {
  return d > 0 ? magnitude : d < 0 ? -magnitude : T(0);
}
struct Norm0 : NormBase {
  template <class T>
  T term(T d) const {
    return d != 0 ? T(1) : T(0);
  }
  template <class T>
  T slope(T, T, T) const {
    return 0;
  }
};
struct Norm1 : NormBase {
  template <class T>
  T term(T d) const {
    return absolute(d);
  }
  template <class T>
  T slope(T d, T, T factor) const {
    return with_sign(factor, d);
  }
};
struct Norm2 : NormBase {
  template <class T>
  T term(T d) const {
    return d * d;
  }
  template <class T>
  T root(T total) const {
    return sqrt_of(total);
  }
  template <class T>
  T factor(T dout, T norm) const {
    return norm == 0 ? T(0) : dout / norm;
  }
  template <class T>
  T slope(T d, T, T factor) const {
    return d * factor;
  }
};
struct NormInfinity : NormBase {
  template <class T>
  T term(T d) const {
    return absolute(d);
  }
  template <class T>
  T join(T a, T b) const {
    return b > a || is_nan(b) ? b : a;
  }
  template <class T>
  T slope(T d, T norm, T factor) const {
    return absolute(d) != norm ? T(0) : with_sign(factor, d);
  }
};
struct NormP : NormBase {
  // x^y for positive x
  template <class T>
  static T power(T x, double y) {
    return exp_of(static_cast<T>(y) * log_of(x));
  }
  template <class T>
  T term(T d) const {
    return d == 0 ? T(0) : power(absolute(d), p);
  }
  template <class T>
  T root(T total) const {
    return total == 0 ? T(0) : power(total, 1 / p);
  }
  template <class T>
  T factor(T dout, T norm) const {
    return norm == 0 ? T(0) : dout * power(norm, 1 - p);
  }
  template <class T>
  T slope(T d, T, T factor) const {
    return d == 0 ? T(0) : with_sign(factor * power(absolute(d), p - 1), d);
  }
};

template <class F>
inline void with_norm(double p, F f) {
  if (p == 0) f(Norm0{{p}});
  else if (p == 1) f(Norm1{{p}});
  else if (p == 2) f(Norm2{{p}});
  else if (p > 1e300) f(NormInfinity{{p}});
  else f(NormP{{p}});
}

// For rows y that lie beside each other, all distances of a block in parallel.
template <class T, class Norm>
inline void forward_block(const T* x, Rows<T> y, T* out, int64_t count, int64_t n, Norm norm) {
  for (int64_t j = 0; j < count; ++j) out[j] = 0;
  for (int64_t i = 0; i < n; ++i) {
    const T* at = y.data + i * y.column;
    const T element = x[i];
#pragma GCC ivdep
    for (int64_t j = 0; j < count; ++j) out[j] = norm.join(out[j], norm.term(element - at[j]));
  }
#pragma GCC ivdep
  for (int64_t j = 0; j < count; ++j) out[j] = norm.root(out[j]);
}

template <class T>
void forward(const T* x, Rows<T> y, T* out, int64_t count, int64_t n, double p) {
  with_norm(p, [=](auto norm) {
    if (y.row == 1) {
      for (int64_t j = 0; j < count; j += kBlock)
        forward_block(x, Rows<T>{y.data + j, 1, y.column}, out + j,
                      count - j < kBlock ? count - j : kBlock, n, norm);
      return;
    }
    for (int64_t j = 0; j < count; ++j) {
      const T* row = y.data + j * y.row;
      out[j] = norm.root(in_lanes(
          n, T(0), [=](T total, int64_t i) { return norm.join(total, norm.term(x[i] - row[i])); },
          [=](T a, T b) { return norm.join(a, b); }));
    }
  });
}

template <class T, class Norm>
inline void backward_block(const T* x, Rows<T> y, const T* out, const T* dout, T* dx, int64_t count,
                           int64_t n, Norm norm) {
  T factors[kBlock];
#pragma GCC ivdep
  for (int64_t j = 0; j < count; ++j) factors[j] = norm.factor(dout[j], out[j]);
  for (int64_t i = 0; i < n; ++i) {
    const T* at = y.data + i * y.column;
    const T element = x[i];
    dx[i] += lane_sum<T>(
        count, [&](int64_t j) { return norm.slope(element - at[j], out[j], factors[j]); });
  }
}

template <class T>
void backward(const T* x, Rows<T> y, const T* out, const T* dout, T* dx, int64_t count, int64_t n,
              double p) {
  with_norm(p, [=](auto norm) {
    if (y.row == 1) {
      for (int64_t j = 0; j < count; j += kBlock)
        backward_block(x, Rows<T>{y.data + j, 1, y.column}, out + j, dout + j, dx,
                       count - j < kBlock ? count - j : kBlock, n, norm);
      return;
    }
    for (int64_t j = 0; j < count; ++j) {
      const T factor = norm.factor(dout[j], out[j]), distance = out[j];
      const T* row = y.data + j * y.row;
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) dx[i] += norm.slope(x[i] - row[i], distance, factor);
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

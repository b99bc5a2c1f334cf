// Kernels of cosine similarity.
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

template <class T>
struct CosineSimilarityKernels {
  /// x y / max(|x| |y|, eps)
  T (*forward)(const T* x, const T* y, int64_t n, T eps);
  /// Writes dx and dy.
  void (*backward)(const T* x, const T* y, T dout, T* dx, T* dy, int64_t n, T eps);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_WIDE(cosine_similarity, CosineSimilarityKernels, "cosine_similarity")

#ifdef TAPEHEAD_ISA
#include "tapehead/core/kernels/row_sums.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T>
struct Products {
  T xx, yy, xy, lengths;
};
template <class T>
inline Products<T> products(const T* x, const T* y, int64_t n) {
  const T xx = static_cast<T>(row_sum<T>(n, [=](int64_t i) { return x[i] * x[i]; }));
  const T yy = static_cast<T>(row_sum<T>(n, [=](int64_t i) { return y[i] * y[i]; }));
  const T xy = static_cast<T>(row_sum<T>(n, [=](int64_t i) { return x[i] * y[i]; }));
  return {xx, yy, xy, sqrt_of(xx) * sqrt_of(yy)};
}

template <class T>
T forward(const T* x, const T* y, int64_t n, T eps) {
  const Products<T> p = products(x, y, n);
  return p.xy / (p.lengths < eps ? eps : p.lengths);
}

template <class T>
void backward(const T* x, const T* y, T dout, T* dx, T* dy, int64_t n, T eps) {
  const Products<T> p = products(x, y, n);
  const bool is_short = p.lengths < eps;
  const T scale = dout / (is_short ? eps : p.lengths);
  const T along_x = is_short ? T(0) : p.xy / p.xx, along_y = is_short ? T(0) : p.xy / p.yy;
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) {
    dx[i] = scale * (y[i] - along_x * x[i]);
    dy[i] = scale * (x[i] - along_y * y[i]);
  }
}

}  // namespace

extern const CosineSimilarityKernels<float> cosine_similarity_f32 = {forward<float>,
                                                                     backward<float>};
extern const CosineSimilarityKernels<double> cosine_similarity_f64 = {forward<double>,
                                                                      backward<double>};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
#endif

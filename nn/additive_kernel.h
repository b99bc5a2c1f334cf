// Additive attention scores (Bahdanau et al. 2015), one row of keys at a time.
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

template <class T>
struct AdditiveKernels {
  /// Returns the sum over j of v[j] tanh(key[j] + query[j]).
  T (*score)(const T* key, const T* query, const T* v, int64_t n);
  /// Adds the gradients, given that of the score, to dkey, dquery and dv.
  void (*backward)(const T* key, const T* query, const T* v, T dscore, T* dkey, T* dquery, T* dv,
                   int64_t n);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_WIDE(additive, AdditiveKernels, "additive_scores")

#ifdef TAPEHEAD_ISA
#include "tapehead/core/kernels/math.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

constexpr int kLanes = 16;  // partial sums, the same on every instruction set

template <class T>
T score(const T* key, const T* query, const T* v, int64_t n) {
  T lanes[kLanes] = {};
  int64_t j = 0;
  for (; j + kLanes <= n; j += kLanes)
    for (int l = 0; l < kLanes; ++l) lanes[l] += v[j + l] * tanh_of(key[j + l] + query[j + l]);
  for (int l = 0; j < n; ++j, ++l) lanes[l] += v[j] * tanh_of(key[j] + query[j]);
  for (int half = kLanes / 2; half > 0; half /= 2)
    for (int l = 0; l < half; ++l) lanes[l] += lanes[l + half];
  return lanes[0];
}

template <class T>
void backward(const T* key, const T* query, const T* v, T dscore, T* dkey, T* dquery, T* dv,
              int64_t n) {
#pragma GCC ivdep
  for (int64_t j = 0; j < n; ++j) {
    const T y = tanh_of(key[j] + query[j]);
    const T d = dscore * v[j] * (1 - y * y);
    dkey[j] += d;
    dquery[j] += d;
    dv[j] += dscore * y;
  }
}

}  // namespace

extern const AdditiveKernels<float> additive_f32 = {score<float>, backward<float>};
extern const AdditiveKernels<double> additive_f64 = {score<double>, backward<double>};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
#endif

// Additive attention scores (Bahdanau et al. 2015), one row of keys at a time.
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

template <class T>
struct AdditiveKernels {
  /// The sum of v[j] tanh(key[j] + query[j]).
  T (*score)(const T* key, const T* query, const T* v, int64_t n);
  /// From the gradient of a score: dkey is written; dquery and dv are added to.
  void (*backward)(const T* key, const T* query, const T* v, T dscore, T* dkey, T* dquery, T* dv,
                   int64_t n);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_WIDE(additive, AdditiveKernels, "additive_scores")

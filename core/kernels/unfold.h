// Kernels of core/detail/unfold.h.
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

template <class T>
struct UnfoldKernels {
  /// to[i] = x[i * step]
  void (*copy)(const T* x, int64_t step, int64_t n, T* to);
  /// to[i * step] += x[i]
  void (*add)(const T* x, int64_t n, int64_t step, T* to);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_WIDE(unfold, UnfoldKernels, "unfold fold")

#ifdef TAPEHEAD_ISA
namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T>
void copy_every(const T* x, int64_t step, int64_t n, T* to) {
  if (step == 1)
    for (int64_t i = 0; i < n; ++i) to[i] = x[i];
  else
    for (int64_t i = 0; i < n; ++i) to[i] = x[i * step];
}

template <class T>
void add_every(const T* x, int64_t n, int64_t step, T* to) {
  if (step == 1) {
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) to[i] += x[i];
  } else {
    for (int64_t i = 0; i < n; ++i) to[i * step] += x[i];
  }
}

}  // namespace

extern const UnfoldKernels<float> unfold_f32 = {copy_every<float>, add_every<float>};
extern const UnfoldKernels<double> unfold_f64 = {copy_every<double>, add_every<double>};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
#endif

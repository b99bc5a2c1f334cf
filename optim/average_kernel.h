// The kernel of weight averages.
#pragma once

#include <cstdint>

#include "tapehead/core/dtype.h"
#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

struct AverageKernels {
  /// average += weight * (values - average). `average` has the type of optimizer state.
  void (*update)(char* average, const char* values, int64_t n, double weight);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_FLOATING(average, AverageKernels, "")

#ifdef TAPEHEAD_ISA
#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T>
void average(char* averages, const char* values, int64_t n, double weight) {
  using C = Compute<T>;
  C* mean = reinterpret_cast<C*>(averages);
  const T* x = reinterpret_cast<const T*>(values);
  const C w = C(weight);
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) mean[i] = w == 1 ? C(x[i]) : mean[i] + w * (C(x[i]) - mean[i]);
}

}  // namespace

extern const AverageKernels average_f32 = {average<float>};
extern const AverageKernels average_f64 = {average<double>};
extern const AverageKernels average_bf16 = {average<bfloat16>};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
#endif

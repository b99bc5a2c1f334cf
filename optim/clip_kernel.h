// Norms, scaling and clamping of gradients.
#pragma once

#include <cstdint>

#include "tapehead/core/dtype.h"
#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

struct ClipKernels {
  double (*abs_sum)(const char* x, int64_t n);
  double (*square_sum)(const char* x, int64_t n);
  double (*abs_max)(const char* x, int64_t n);  // NaN when there is one
  void (*scale)(char* x, int64_t n, double by);
  void (*clamp)(char* x, int64_t n, double bound);  // to ± bound; NaN stays
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_FLOATING(clip, ClipKernels, "")

#ifdef TAPEHEAD_ISA
#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

struct Abs {
  static double of(double x) { return __builtin_fabs(x); }
  static double join(double a, double b) { return a + b; }
};
struct Square {
  static double of(double x) { return x * x; }
  static double join(double a, double b) { return a + b; }
};
struct Largest {
  static double of(double x) { return __builtin_fabs(x); }
  static double join(double a, double b) { return b > a || b != b ? b : a; }
};

// In double, so that no gradient overflows or is lost; in lanes, so that additions do not wait for
// each other.
template <class T, class F>
double reduce(const char* values, int64_t n) {
  constexpr int kLanes = 32;
  const T* x = reinterpret_cast<const T*>(values);
  double lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (int j = 0; j < kLanes; ++j)
      lanes[j] = F::join(lanes[j], F::of(double(Compute<T>(x[i + j]))));
  for (int j = 0; i + j < n; ++j) lanes[j] = F::join(lanes[j], F::of(double(Compute<T>(x[i + j]))));
  for (int half = kLanes / 2; half > 0; half /= 2)
    for (int j = 0; j < half; ++j) lanes[j] = F::join(lanes[j], lanes[j + half]);
  return lanes[0];
}

template <class T>
void scale(char* values, int64_t n, double by) {
  using C = Compute<T>;
  T* x = reinterpret_cast<T*>(values);
  const C factor = C(by);
  for (int64_t i = 0; i < n; ++i) x[i] = T(C(x[i]) * factor);
}

template <class T>
void clamp(char* values, int64_t n, double bound) {
  using C = Compute<T>;
  T* x = reinterpret_cast<T*>(values);
  const C high = C(bound);
  for (int64_t i = 0; i < n; ++i) {
    const C value = C(x[i]);
    x[i] = T(value > high ? high : value < -high ? -high : value);
  }
}

}  // namespace

extern const ClipKernels clip_f32 = {reduce<float, Abs>, reduce<float, Square>,
                                     reduce<float, Largest>, scale<float>, clamp<float>};
extern const ClipKernels clip_f64 = {reduce<double, Abs>, reduce<double, Square>,
                                     reduce<double, Largest>, scale<double>, clamp<double>};
extern const ClipKernels clip_bf16 = {reduce<bfloat16, Abs>, reduce<bfloat16, Square>,
                                      reduce<bfloat16, Largest>, scale<bfloat16>, clamp<bfloat16>};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
#endif

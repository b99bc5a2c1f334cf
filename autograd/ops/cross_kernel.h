// Kernels of the cross product.
#pragma once

#include <cstdint>

#include "tapehead/core/dtype.h"
#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

struct CrossKernels {
  /// The cross products of a and b [count, 3, inner], by dtype; null for bool.
  void (*run[kDTypes])(const char* a, const char* b, char* out, int64_t count, int64_t inner);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS(cross, CrossKernels, "cross")

#ifdef TAPEHEAD_ISA
#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T>
TAPEHEAD_NOT_CONTRACTED void cross_rows(const char* a_, const char* b_, char* out_, int64_t count,
                                        int64_t inner) {
  using C = Wrapping<Compute<T>>;
  const T *a = reinterpret_cast<const T*>(a_), *b = reinterpret_cast<const T*>(b_);
  T* out = reinterpret_cast<T*>(out_);
  const auto at = [](const T* x, int64_t i) {
    return static_cast<C>(static_cast<Compute<T>>(x[i]));
  };
  for (int64_t l = 0; l < count; ++l, a += 3 * inner, b += 3 * inner, out += 3 * inner) {
#pragma GCC ivdep
    for (int64_t i = 0; i < inner; ++i) {
      const int64_t j = i + inner, k = j + inner;
      const C x = at(a, j) * at(b, k) - at(a, k) * at(b, j);
      const C y = at(a, k) * at(b, i) - at(a, i) * at(b, k);
      const C z = at(a, i) * at(b, j) - at(a, j) * at(b, i);
      out[i] = static_cast<T>(x);
      out[j] = static_cast<T>(y);
      out[k] = static_cast<T>(z);
    }
  }
}

}  // namespace

// In the order of DType.
extern const CrossKernels cross_kernels = {
    {cross_rows<float>, cross_rows<double>, cross_rows<bfloat16>, cross_rows<int64_t>,
     cross_rows<int32_t>, cross_rows<uint8_t>, nullptr, cross_rows<float16>, cross_rows<int16_t>,
     cross_rows<int8_t>}};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
#endif

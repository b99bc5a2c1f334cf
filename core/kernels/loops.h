// For kernel files: turns a functor on elements into a Loop. Everything here has internal linkage, so that
// no code compiled for one instruction set is ever run on a machine without it.
#pragma once

#include "tapehead/core/kernels/kernels.h"
#include "tapehead/core/kernels/math.h"

namespace tapehead::kernels {
namespace {

// bf16 is computed in f32.
template <class T>
struct Compute {
  using type = T;
};
template <>
struct Compute<bfloat16> {
  using type = float;
};

constexpr bool all(DType) { return true; }
constexpr bool arithmetic(DType d) { return d != boolean; }
constexpr bool floating(DType d) { return d == f32 || d == f64 || d == bf16; }

template <class T, class R, class F>
inline void unary_run(char* const* data, int64_t n) {
  using C = typename Compute<T>::type;
  R* out = reinterpret_cast<R*>(data[0]);
  const T* x = reinterpret_cast<const T*>(data[1]);
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) out[i] = R(F::of(C(x[i])));
}

template <class T, class R, class F>
void unary_loop(char* const* data, const int64_t* strides, int64_t n, const double*) {
  using C = typename Compute<T>::type;
  if (strides[0] == sizeof(R) && strides[1] == sizeof(T)) return unary_run<T, R, F>(data, n);
  for (int64_t i = 0; i < n; ++i)
    *reinterpret_cast<R*>(data[0] + i * strides[0]) =
        R(F::of(C(*reinterpret_cast<const T*>(data[1] + i * strides[1]))));
}

template <class T, class R, class F>
void binary_loop(char* const* data, const int64_t* strides, int64_t n, const double*) {
  using C = typename Compute<T>::type;
  R* out = reinterpret_cast<R*>(data[0]);
  const T* x = reinterpret_cast<const T*>(data[1]);
  const T* y = reinterpret_cast<const T*>(data[2]);
  const int64_t size = sizeof(T);
  if (strides[0] == sizeof(R) && strides[1] == size && strides[2] == size) {
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) out[i] = R(F::of(C(x[i]), C(y[i])));
  } else if (strides[0] == sizeof(R) && strides[1] == size && strides[2] == 0) {
    const C b = C(*y);
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) out[i] = R(F::of(C(x[i]), b));
  } else if (strides[0] == sizeof(R) && strides[1] == 0 && strides[2] == size) {
    const C a = C(*x);
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) out[i] = R(F::of(a, C(y[i])));
  } else {
    for (int64_t i = 0; i < n; ++i)
      *reinterpret_cast<R*>(data[0] + i * strides[0]) =
          R(F::of(C(*reinterpret_cast<const T*>(data[1] + i * strides[1])),
                  C(*reinterpret_cast<const T*>(data[2] + i * strides[2]))));
  }
}

}  // namespace
}  // namespace tapehead::kernels

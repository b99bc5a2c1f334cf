// For kernel files: turns a functor on elements into a Loop. Everything here has internal linkage,
// so that no code compiled for one instruction set is ever run on a machine without it.
//
// A functor is called with the operands' values and gives the result's; bf16 comes and goes as
// float. One that needs the op's numbers is constructed from them.
#pragma once

#include "tapehead/core/kernels/kernels.h"
#include "tapehead/core/kernels/math.h"

namespace tapehead::kernels {
namespace {

// bf16 is computed in f32.
template <class T>
struct ComputeOf {
  using Type = T;
};
template <>
struct ComputeOf<bfloat16> {
  using Type = float;
};
template <class T>
using Compute = typename ComputeOf<T>::Type;

// Integers are added and multiplied modulo 2^bits: unsigned, where that is defined.
template <class T>
struct WrappingOf {
  using Type = T;
};
template <>
struct WrappingOf<int64_t> {
  using Type = uint64_t;
};
template <>
struct WrappingOf<int32_t> {
  using Type = uint32_t;
};
template <class T>
using Wrapping = typename WrappingOf<T>::Type;

// The types that a row of lists.h may name.
constexpr bool all(DType) { return true; }
constexpr bool arithmetic(DType d) { return d != boolean; }
constexpr bool whole(DType d) { return d == i64 || d == i32 || d == u8 || d == boolean; }
constexpr bool integral(DType d) { return d == i64 || d == i32 || d == u8; }
constexpr bool floating(DType d) { return d == f32 || d == f64 || d == bf16; }

// How a loop reads an operand: elements side by side, one element for all, or at any distance.
template <class T>
struct Dense {
  const T* at;
  explicit Dense(const char* data) : at(reinterpret_cast<const T*>(data)) {}
  Compute<T> operator[](int64_t i) const { return static_cast<Compute<T>>(at[i]); }
};
template <class T>
struct Once {
  Compute<T> value;
  explicit Once(const char* data)
      : value(static_cast<Compute<T>>(*reinterpret_cast<const T*>(data))) {}
  Compute<T> operator[](int64_t) const { return value; }
};
template <class T>
struct Strided {
  const char* data;
  int64_t stride;
  Compute<T> operator[](int64_t i) const {
    return static_cast<Compute<T>>(*reinterpret_cast<const T*>(data + i * stride));
  }
};

template <class F>
inline F functor(const double* numbers) {
  if constexpr (__is_constructible(F, const double*)) return F(numbers);
  else return F();
}

template <class F, class R, class... X>
inline void run_dense(char* out, int64_t n, const double* numbers, X... x) {
  const F f = functor<F>(numbers);
  R* result = reinterpret_cast<R*>(out);
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) result[i] = static_cast<R>(f(x[i]...));
}

template <class F, class R, class... X>
inline void run_strided(char* out, int64_t stride, int64_t n, const double* numbers, X... x) {
  const F f = functor<F>(numbers);
  for (int64_t i = 0; i < n; ++i)
    *reinterpret_cast<R*>(out + i * stride) = static_cast<R>(f(x[i]...));
}

template <class F, class R, class T>
void unary_loop(char* const* data, const int64_t* strides, int64_t n, const double* numbers) {
  if (strides[0] == sizeof(R) && strides[1] == sizeof(T))
    return run_dense<F, R>(data[0], n, numbers, Dense<T>(data[1]));
  run_strided<F, R>(data[0], strides[0], n, numbers, Strided<T>{data[1], strides[1]});
}

template <class F, class R, class T>
void binary_loop(char* const* data, const int64_t* strides, int64_t n, const double* numbers) {
  const int64_t size = sizeof(T), x = strides[1], y = strides[2];
  if (strides[0] == sizeof(R)) {
    if (x == size && y == size)
      return run_dense<F, R>(data[0], n, numbers, Dense<T>(data[1]), Dense<T>(data[2]));
    if (x == size && y == 0)
      return run_dense<F, R>(data[0], n, numbers, Dense<T>(data[1]), Once<T>(data[2]));
    if (x == 0 && y == size)
      return run_dense<F, R>(data[0], n, numbers, Once<T>(data[1]), Dense<T>(data[2]));
  }
  run_strided<F, R>(data[0], strides[0], n, numbers, Strided<T>{data[1], x},
                    Strided<T>{data[2], y});
}

// The first operand may be of another type than the others: the condition of where().
template <class F, class R, class T, class U>
void ternary_loop(char* const* data, const int64_t* strides, int64_t n, const double* numbers) {
  const int64_t size = sizeof(U), y = strides[2], z = strides[3];
  if (strides[0] == sizeof(R) && strides[1] == sizeof(T)) {
    const Dense<T> first(data[1]);
    if (y == size && z == size)
      return run_dense<F, R>(data[0], n, numbers, first, Dense<U>(data[2]), Dense<U>(data[3]));
    if (y == size && z == 0)
      return run_dense<F, R>(data[0], n, numbers, first, Dense<U>(data[2]), Once<U>(data[3]));
    if (y == 0 && z == size)
      return run_dense<F, R>(data[0], n, numbers, first, Once<U>(data[2]), Dense<U>(data[3]));
    if (y == 0 && z == 0)
      return run_dense<F, R>(data[0], n, numbers, first, Once<U>(data[2]), Once<U>(data[3]));
  }
  run_strided<F, R>(data[0], strides[0], n, numbers, Strided<T>{data[1], strides[1]},
                    Strided<U>{data[2], y}, Strided<U>{data[3], z});
}

// The entries of tables, null where a row does not have the type.
template <class F, auto kTypes, class T>
constexpr Loop unary_entry() {
  if constexpr (kTypes(dtype_of<T>())) return unary_loop<F, T, T>;
  else return nullptr;
}
template <class F, auto kTypes, class T>
constexpr Loop predicate_entry() {
  if constexpr (kTypes(dtype_of<T>())) return unary_loop<F, bool, T>;
  else return nullptr;
}
template <class F, auto kTypes, class T>
constexpr Loop binary_entry() {
  if constexpr (kTypes(dtype_of<T>())) return binary_loop<F, T, T>;
  else return nullptr;
}
template <class F, auto kTypes, class T>
constexpr Loop compare_entry() {
  if constexpr (kTypes(dtype_of<T>())) return binary_loop<F, bool, T>;
  else return nullptr;
}
template <class F, auto kTypes, class T>
constexpr Loop ternary_entry() {
  if constexpr (kTypes(dtype_of<T>())) return ternary_loop<F, T, T, T>;
  else return nullptr;
}

// A row of a table, in the order of DType.
#define TAPEHEAD_LOOPS(entry, name, types)                                                       \
  {entry<name, types, float>(),   entry<name, types, double>(),  entry<name, types, bfloat16>(), \
   entry<name, types, int64_t>(), entry<name, types, int32_t>(), entry<name, types, uint8_t>(),  \
   entry<name, types, bool>()},

}  // namespace
}  // namespace tapehead::kernels

// For kernel files: makes a Loop of a functor on elements. Everything here has internal linkage, so
// that code compiled for one instruction set cannot be linked into another.
//
// A functor maps the operands' values to the result's (bf16 as float). A functor with parameters is
// constructed from the op's numbers.
#pragma once

#include <type_traits>

#include "tapehead/core/kernels/elementwise_kernels.h"
#include "tapehead/core/kernels/math.h"

namespace tapehead::kernels {
namespace {

// bf16 and f16 are computed in f32.
template <class T>
struct ComputeOf {
  using type = T;
};
template <>
struct ComputeOf<bfloat16> {
  using type = float;
};
template <>
struct ComputeOf<float16> {
  using type = float;
};
template <class T>
using Compute = typename ComputeOf<T>::type;

// Integers wrap around modulo 2^bits; computed unsigned, where overflow is defined.
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
template <class T>
inline Wrapping<T> wrap(T x) {
  return static_cast<Wrapping<T>>(x);
}
template <class T>
inline T absolute(T x) {
  return x < 0 ? static_cast<T>(-wrap(x)) : x;
}
inline uint8_t absolute(uint8_t x) { return x; }

// The parameters of an op, stored in its functor and converted to T on use.
template <int kCount>
struct Numbers {
  double values[kCount];
  explicit Numbers(const double* given) {
    for (int i = 0; i < kCount; ++i) values[i] = given[i];
  }
  template <class T>
  struct As {
    T at[kCount];
    T operator[](int i) const { return at[i]; }
  };
  template <class T>
  As<T> as() const {
    As<T> numbers;
    for (int i = 0; i < kCount; ++i) numbers.at[i] = static_cast<T>(values[i]);
    return numbers;
  }
};
template <>
struct Numbers<0> {
  template <class T>
  int as() const {
    return 0;
  }
};
template <class... T>
constexpr int count_of(T...) {
  return sizeof...(T);
}

// The functor of a row of elementwise_kernels.h.
#define TAPEHEAD_FUNCTOR(operands, name, expression, ...)     \
  struct name : Numbers<count_of(__VA_ARGS__)> {              \
    using Numbers<count_of(__VA_ARGS__)>::Numbers;            \
    template <class T>                                        \
    auto operator() operands const {                          \
      [[maybe_unused]] const auto k = this->template as<T>(); \
      return expression;                                      \
    }                                                         \
  };
#define TAPEHEAD_FUNCTOR_OF_X(name, types, expression, reference, from, to, ulp, least, ...) \
  TAPEHEAD_FUNCTOR((T x), name, expression, __VA_ARGS__)
#define TAPEHEAD_FUNCTOR_OF_XY(name, types, expression, reference, from, to, ulp, least, ...) \
  TAPEHEAD_FUNCTOR((T x, T y), name, expression, __VA_ARGS__)
#define TAPEHEAD_FUNCTOR_OF_XYZ(name, types, expression, reference, from, to, ulp, least, ...) \
  TAPEHEAD_FUNCTOR((T x, T y, T z), name, expression, __VA_ARGS__)

// The dtype sets that rows of elementwise_kernels.h may name.
constexpr bool all(DType) { return true; }
constexpr bool arithmetic(DType d) { return d != boolean; }
constexpr bool whole(DType d) { return d == i64 || d == i32 || d == u8 || d == boolean; }
constexpr bool integral(DType d) { return d == i64 || d == i32 || d == u8; }
constexpr bool floating(DType d) { return d == f32 || d == f64 || d == bf16; }

// Operand access in a loop: contiguous, or a single broadcast element.
template <class T>
struct Dense {
  const T* at;
  explicit Dense(const char* data) : at(reinterpret_cast<const T*>(data)) {}
  Compute<T> operator[](int64_t i) const { return at[i]; }
};
template <class T>
struct Once {
  T value;
  explicit Once(const char* data) : value(*reinterpret_cast<const T*>(data)) {}
  T operator[](int64_t) const { return value; }
};

template <class F>
inline F functor(const double* numbers) {
  if constexpr (__is_constructible(F, const double*)) return F(numbers);
  else return F();
}

// Operands that the vectorised expression of a row does not take, such as angles beyond the range
// of its reduction: for floats that `holds`, `value` is computed one by one. Specialised in the
// row's file.
template <class F>
struct Exceptions;
template <class F, class... T>
constexpr bool kHasExceptions = (__is_same(T, float) && ...) && requires(T... x) {
  Exceptions<F>::holds(x...);
};

// Defined, like Exceptions, for rows of so few instructions that their loops wait for memory. They
// run on half of a vector of 64 bytes, which Zen 4 reads and writes up to a tenth faster. Not those
// that round to bf16, which GCC would not vectorise.
template <class F>
struct WaitsForMemory;
template <class F>
constexpr bool kWaitsForMemory = requires {
  WaitsForMemory<F>();
};

// Defined, like Exceptions, for rows that training in bf16 spends much time in: their loops convert
// elements in registers instead of blocks.
template <class F>
struct ConvertsInRegisters;
template <class F, class R, class T>
constexpr bool kConvertsInRegisters =
    std::is_same_v<R, bfloat16>&& std::is_same_v<T, bfloat16>&& requires {
  ConvertsInRegisters<F>();
};

struct Copied {
  template <class T>
  T operator()(T x) const {
    return x;
  }
};
template <>
struct WaitsForMemory<Copied> {};

template <class F, class R, class... X>
inline void run_elements(const F& f, R* result, int64_t first, int64_t last, X... x) {
#if defined(__AVX512F__)
  if constexpr (kWaitsForMemory<F> && !std::is_same_v<R, bfloat16>) {
#pragma omp simd simdlen(32 / sizeof(R))
    for (int64_t i = first; i < last; ++i) result[i] = static_cast<R>(f(x[i]...));
    return;
  }
#endif
#pragma GCC ivdep
  for (int64_t i = first; i < last; ++i) result[i] = static_cast<R>(f(x[i]...));
}

template <class F, class R, class... X>
inline void run(char* out, int64_t n, const double* numbers, X... x) {
  const F f = functor<F>(numbers);
  R* result = reinterpret_cast<R*>(out);
  if constexpr (kHasExceptions<F, decltype(x[0])...>) {
    constexpr int64_t kBlock = 256;
    for (int64_t start = 0; start < n; start += kBlock) {
      const int64_t stop = n - start < kBlock ? n : start + kBlock;
      int exceptions = 0;
      for (int64_t i = start; i < stop; ++i) exceptions |= Exceptions<F>::holds(x[i]...);
      if (exceptions) {  // the result may overwrite an operand
        for (int64_t i = start; i < stop; ++i)
          result[i] = static_cast<R>(Exceptions<F>::holds(x[i]...) ? Exceptions<F>::value(x[i]...)
                                                                   : f(x[i]...));
        continue;
      }
      run_elements(f, result, start, stop, x...);
    }
  } else {
    run_elements(f, result, int64_t{0}, n, x...);
  }
}

}  // namespace

namespace TAPEHEAD_ISA {

/// Elementwise kernels compute on contiguous elements, bf16 as f32. A plan describes how operands
/// of any other layout are copied to and from contiguous blocks: `stored` and `computed` are the
/// element sizes in memory and in the blocks.
struct BlockPlan {
  Loop loop;
  int operands;
  int64_t stored[4];
  int64_t computed[4];
};
void run_blocks(const BlockPlan& plan, char* const* data, const int64_t* strides, int64_t n,
                const double* numbers);  // cast.cpp

namespace {

template <class F, class R, class T>
void unary_loop(char* const* data, const int64_t* strides, int64_t n, const double* numbers) {
  using CR = Compute<R>;
  using C = Compute<T>;
  static constexpr BlockPlan kPlan = {
      unary_loop<F, CR, C>, 2, {sizeof(R), sizeof(T)}, {sizeof(CR), sizeof(C)}};
  if (sizeof(T) == sizeof(C) && strides[0] == sizeof(R) && strides[1] == sizeof(T))
    return run<F, CR>(data[0], n, numbers, Dense<C>(data[1]));
  if constexpr (kConvertsInRegisters<F, R, T>)
    if (strides[0] == sizeof(R) && strides[1] == sizeof(T))
      return run<F, R>(data[0], n, numbers, Dense<T>(data[1]));
  run_blocks(kPlan, data, strides, n, numbers);
}

// With kOnce, a broadcast operand has a specialised loop.
template <class F, class R, class T, bool kOnce>
void binary_loop(char* const* data, const int64_t* strides, int64_t n, const double* numbers) {
  using CR = Compute<R>;
  using C = Compute<T>;
  static constexpr BlockPlan kPlan = {binary_loop<F, CR, C, kOnce>,
                                      3,
                                      {sizeof(R), sizeof(T), sizeof(T)},
                                      {sizeof(CR), sizeof(C), sizeof(C)}};
  const int64_t size = sizeof(C), x = strides[1], y = strides[2];
  if (sizeof(T) == sizeof(C) && strides[0] == sizeof(R)) {
    if (x == size && y == size)
      return run<F, CR>(data[0], n, numbers, Dense<C>(data[1]), Dense<C>(data[2]));
    if constexpr (kOnce) {
      if (x == size && y == 0)
        return run<F, CR>(data[0], n, numbers, Dense<C>(data[1]), Once<C>(data[2]));
      if (x == 0 && y == size)
        return run<F, CR>(data[0], n, numbers, Once<C>(data[1]), Dense<C>(data[2]));
    }
  }
  if constexpr (kConvertsInRegisters<F, R, T>)
    if (strides[0] == sizeof(R) && x == sizeof(T) && y == sizeof(T))
      return run<F, R>(data[0], n, numbers, Dense<T>(data[1]), Dense<T>(data[2]));
  run_blocks(kPlan, data, strides, n, numbers);
}

// The first operand may have another type than the others, such as the condition of where(). With
// kOnce, one of the others may broadcast in a specialised loop.
template <class F, class R, class T, class U, bool kOnce = false>
void ternary_loop(char* const* data, const int64_t* strides, int64_t n, const double* numbers) {
  using CR = Compute<R>;
  using C = Compute<T>;
  using D = Compute<U>;
  static constexpr BlockPlan kPlan = {ternary_loop<F, CR, C, D, kOnce>,
                                      4,
                                      {sizeof(R), sizeof(T), sizeof(U), sizeof(U)},
                                      {sizeof(CR), sizeof(C), sizeof(D), sizeof(D)}};
  const int64_t size = sizeof(D), y = strides[2], z = strides[3];
  if (sizeof(U) == sizeof(D) && strides[0] == sizeof(R) && strides[1] == sizeof(T)) {
    const Dense<C> x(data[1]);
    if (y == size && z == size)
      return run<F, CR>(data[0], n, numbers, x, Dense<D>(data[2]), Dense<D>(data[3]));
    if constexpr (kOnce) {
      if (y == size && z == 0)
        return run<F, CR>(data[0], n, numbers, x, Dense<D>(data[2]), Once<D>(data[3]));
      if (y == 0 && z == size)
        return run<F, CR>(data[0], n, numbers, x, Once<D>(data[2]), Dense<D>(data[3]));
    }
  }
  run_blocks(kPlan, data, strides, n, numbers);
}

// Table entries; null if a row does not support the type.
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
// Numbers as operands are common in f32 and bf16. The other types do without loops for them, which
// are a large part of the library.
template <class T>
inline constexpr bool kHasOnce = std::is_same_v<Compute<T>, float>;
template <class F, auto kTypes, class T>
constexpr Loop binary_entry() {
  if constexpr (kTypes(dtype_of<T>())) return binary_loop<F, T, T, kHasOnce<T>>;
  else return nullptr;
}
template <class F, auto kTypes, class T>
constexpr Loop compare_entry() {
  if constexpr (kTypes(dtype_of<T>())) return binary_loop<F, bool, T, kHasOnce<T>>;
  else return nullptr;
}
template <class F, auto kTypes, class T>
constexpr Loop dense_binary_entry() {
  if constexpr (kTypes(dtype_of<T>())) return binary_loop<F, T, T, false>;
  else return nullptr;
}
template <class F, auto kTypes, class T>
constexpr Loop ternary_entry() {
  if constexpr (kTypes(dtype_of<T>())) return ternary_loop<F, T, T, T>;
  else return nullptr;
}

// One row of a table, indexed by DType.
// NOLINTBEGIN(bugprone-macro-parentheses): `entry` names a template, which takes no parentheses
#define TAPEHEAD_LOOPS(entry, name, types)                                                       \
  {entry<name, types, float>(),   entry<name, types, double>(),  entry<name, types, bfloat16>(), \
   entry<name, types, int64_t>(), entry<name, types, int32_t>(), entry<name, types, uint8_t>(),  \
   entry<name, types, bool>()},
// NOLINTEND(bugprone-macro-parentheses)

}  // namespace
}  // namespace TAPEHEAD_ISA
}  // namespace tapehead::kernels

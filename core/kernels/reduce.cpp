// Single-pass reductions.
#include "tapehead/core/kernels/reduce_tile.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T>
constexpr bool kFloating = floating(dtype_of<T>());
template <bool kFirst, class A, class B>
struct Either {
  using type = A;
};
template <class A, class B>
struct Either<false, A, B> {
  using type = B;
};

// Reduces a row by the steps of F.
template <class F, class T>
inline typename F::Acc row_of(const T* x, int64_t n) {
  return row_in_vectors(
      x, n, F::identity(), [](auto acc, auto at) { return F::step(acc, at); },
      [](auto a, auto b) { return F::merge(a, b); });
}

// Sums floats in double once they leave the vector lanes, integers as i64 modulo 2^64.
template <class T>
struct Additive {
  using Acc = typename Either<kFloating<T>, Compute<T>, uint64_t>::type;
  using Total = typename Either<kFloating<T>, double, uint64_t>::type;
  using Out = typename Either<kFloating<T>, T, int64_t>::type;
  static Acc identity() { return 0; }
  static Total start() { return 0; }
  template <class A, class X>
  static A step(A acc, X x) {
    return acc + static_cast<A>(x);
  }
  template <class A>
  static A merge(A a, A b) {
    return a + b;
  }
  static Total gather(Total total, Acc acc) { return total + static_cast<Total>(acc); }
  static Total join(Total a, Total b) { return a + b; }
  static auto finish(Total total, double, double) {
    if constexpr (kFloating<T>) return static_cast<Acc>(total);
    else return static_cast<int64_t>(total);
  }
};

template <class T>
struct sum : Additive<T> {
  using Tile = sum;
  using Acc = typename Additive<T>::Acc;
  static Acc row(const T* x, int64_t n) { return row_of<sum>(x, n); }
};

template <class T>
struct mean : Additive<T> {
  using Tile = sum<T>;
  static auto finish(double total, double n, double) {
    return static_cast<typename Additive<T>::Acc>(total / n);
  }
};

template <class T>
struct count_nonzero : Additive<bool> {
  using Tile = count_nonzero;
  static uint64_t step(uint64_t acc, T x) { return acc + (x != T(0)); }
};
template <class T>
struct any : count_nonzero<T> {
  using Out = bool;
  static bool finish(uint64_t total, double, double) { return total > 0; }
};
template <class T>
struct all : count_nonzero<T> {
  using Out = bool;
  static bool finish(uint64_t total, double n, double) { return total == static_cast<uint64_t>(n); }
};

template <class T>
struct norm2 : Additive<T> {
  using Tile = norm2;
  using Acc = typename Additive<T>::Acc;
  template <class A, class X>
  static A step(A acc, X x) {
    return acc + static_cast<A>(x) * static_cast<A>(x);
  }
  static Acc row(const T* x, int64_t n) { return row_of<norm2>(x, n); }
  static Acc finish(double total, double, double) {
    return static_cast<Acc>(__builtin_sqrt(total));
  }
};

template <class T>
struct prod : Additive<T> {
  using Tile = prod;
  static constexpr bool kSlow = true;
  using Acc = typename Additive<T>::Acc;
  using Total = typename Additive<T>::Total;
  static Acc identity() { return 1; }
  static Total start() { return 1; }
  template <class A, class X>
  static A step(A acc, X x) {
    return acc * static_cast<A>(x);
  }
  template <class A>
  static A merge(A a, A b) {
    return a * b;
  }
  static Acc row(const T* x, int64_t n) { return row_of<prod>(x, n); }
  static Total gather(Total total, Acc acc) { return total * static_cast<Total>(acc); }
  static Total join(Total a, Total b) { return a * b; }
};

// Selects one of two values; NaN always wins.
template <class T, class Pick>
struct Extremum {
  static constexpr bool kSlow = true;
  using Acc = Compute<T>;
  using Total = Acc;
  using Out = T;
  static Acc identity() { return Pick::template worst<T>(); }
  static Acc start() { return identity(); }
  template <class A, class X>
  static A step(A acc, X x) {
    return merge(acc, static_cast<A>(x));
  }
  template <class A>
  static A merge(A a, A b) {
    const A same = b;
    const auto nan = b != same;
    return (Pick::better(b, a) | nan) ? b : a;
  }
  static Acc row(const T* x, int64_t n) {
    return row_best(x, n, identity(), [](auto a, auto b) { return Pick::better(a, b); });
  }
  static Acc gather(Acc a, Acc b) { return merge(a, b); }
  static Acc join(Acc a, Acc b) { return merge(a, b); }
  static Acc finish(Acc total, double, double) { return total; }
};

template <class T>
inline T lowest() {
  if constexpr (kFloating<T>) return T(-__builtin_inff());
  else if constexpr (sizeof(T) == 1) return T(0);
  else return static_cast<T>(T(1) << (8 * sizeof(T) - 1));
}
struct Larger {
  template <class T>
  static T worst() {
    return lowest<T>();
  }
  template <class A>
  static auto better(A a, A b) {
    return a > b;
  }
};
struct Smaller {
  template <class T>
  static T worst() {
    if constexpr (kFloating<T>) return T(__builtin_inff());
    else if constexpr (dtype_of<T>() == boolean) return true;
    else return static_cast<T>(~lowest<T>());
  }
  template <class A>
  static auto better(A a, A b) {
    return a < b;
  }
};

template <class T>
struct max : Extremum<T, Larger> {
  using Tile = max;
};
template <class T>
struct min : Extremum<T, Smaller> {
  using Tile = min;
};

template <class T, template <class> class F, auto kTypes>
constexpr Reducer reducer() {
  if constexpr (kTypes(dtype_of<T>())) return reducer_of<F<T>>(reduce_tile<T, typename F<T>::Tile>);
  else return {};
}

}  // namespace

#define TAPEHEAD_REDUCERS(name, types, ...)                                             \
  {reducer<float, name, kernels::types>(),    reducer<double, name, kernels::types>(),  \
   reducer<bfloat16, name, kernels::types>(), reducer<int64_t, name, kernels::types>(), \
   reducer<int32_t, name, kernels::types>(),  reducer<uint8_t, name, kernels::types>(), \
   reducer<bool, name, kernels::types>()},
extern const ReduceKernels reduce_kernels = {{TAPEHEAD_REDUCE_KERNELS(TAPEHEAD_REDUCERS)}};

}  // namespace tapehead::kernels::TAPEHEAD_ISA

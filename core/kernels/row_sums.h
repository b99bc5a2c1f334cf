// For kernel files: reductions within a row, in a fixed order. Everything here has internal
// linkage.
//
// Partial results are kept in a few lanes, which the compiler vectorises. There are few because
// lanes are joined at the end of every row, and rows are short. Loops over lanes are not unrolled,
// because GCC then treats the lanes as scalars.
#pragma once

#include <type_traits>

#include "tapehead/core/kernels/loops.h"
#include "tapehead/core/kernels/vectors.h"

namespace tapehead::kernels {
namespace {

template <class C>
inline constexpr int64_t kLanes = sizeof(C) < 4 ? 16 : 64 / static_cast<int64_t>(sizeof(C));
inline constexpr int64_t kRowBlock = 2048;  // elements per block of lane sums

/// step(… step(step(start, 0), 1) …, n - 1), split into lanes that are combined with join().
template <class C, int64_t kWidth = kLanes<C>, class Step, class Join>
inline C in_lanes(int64_t n, C start, Step step, Join join) {
  constexpr int64_t kHalf = kWidth / 2;
  C lanes[kWidth];
  for (int64_t l = 0; l < kWidth; ++l) lanes[l] = start;
  int64_t i = 0;
  for (; i + kWidth <= n; i += kWidth)
#pragma GCC unroll 1
    for (int64_t l = 0; l < kWidth; ++l) lanes[l] = step(lanes[l], i + l);
  if (i + kHalf <= n) {
#pragma GCC unroll 1
    for (int64_t l = 0; l < kHalf; ++l) lanes[l] = step(lanes[l], i + l);
    i += kHalf;
  }
  C rest = start;
  for (; i < n; ++i) rest = step(rest, i);
  for (int64_t width = kHalf; width > 0; width /= 2)
    for (int64_t l = 0; l < width; ++l) lanes[l] = join(lanes[l], lanes[l + width]);
  return join(lanes[0], rest);
}

/// Calls step(lanes[…], x) for the vectors of a row of n >= kWidth<T> floats, the last one filled
/// up with `identity`. bf16 is converted to two vectors, which hold every other element.
template <class T, class Lanes, class Step>
inline void in_vectors(const T* x, int64_t n, T identity, Lanes (&lanes)[4], Step step) {
  constexpr int64_t W = kWidth<T>;
  using Bits = std::conditional_t<sizeof(T) == 2, uint16_t, T>;
  const auto load_at = [=](int64_t i) { return load(reinterpret_cast<const Bits*>(x + i)); };
  const auto take = [=](Lanes& to, Vector<Bits> v) {
    if constexpr (sizeof(T) == 2) {
      const auto words = reinterpret_cast<Vector<uint32_t>>(v);
      step(to, reinterpret_cast<Vector<float>>(words << 16));
      step(to, reinterpret_cast<Vector<float>>(words & 0xffff0000));
    } else {
      step(to, v);
    }
  };
  int64_t i = 0;
  for (; i + 4 * W <= n; i += 4 * W) {
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) take(lanes[k], load_at(i + k * W));
  }
#pragma GCC unroll 3
  for (int k = 0; k < 3; ++k)
    if (i + W <= n) take(lanes[k], load_at(i)), i += W;
  if (i == n) return;
  // The last vector of the row begins with elements that have had their turn.
  using Position = std::remove_reference_t<decltype((Vector<Bits>{} < Vector<Bits>{})[0])>;
  Vector<Position> position;
  for (int k = 0; k < W; ++k) position[k] = static_cast<Position>(k);
  take(lanes[3], position >= static_cast<Position>(W - (n - i))
                     ? load_at(n - W)
                     : Vector<Bits>{} + __builtin_bit_cast(Bits, identity));
}

/// step(… step(step(identity, x[0]), x[1]) …, x[n - 1]), split into lanes that are combined with
/// join(); both take numbers and vectors.
template <class C, class T, class Step, class Join>
inline C row_in_vectors(const T* x, int64_t n, C identity, Step step, Join join) {
  C total = identity;
  if (n < kWidth<T>) {
    for (int64_t i = 0; i < n; ++i) total = step(total, static_cast<C>(x[i]));
    return total;
  }
  Vector<C> v[4];
  for (Vector<C>& lanes : v) lanes = Vector<C>{} + identity;
  in_vectors<T>(x, n, identity, v, [=](Vector<C>& to, Vector<C> at) { to = step(to, at); });
  return across(join(join(v[0], v[1]), join(v[2], v[3])), join);
}

/// The element of a row that is better than the others, or else `worst`; NaN if there is any.
/// better(a, b) takes numbers and vectors.
template <class C, class T, class Better>
inline C row_best(const T* x, int64_t n, C worst, Better better) {
  const auto of_two = [=](auto a, auto b) { return better(b, a) ? b : a; };
  C best = worst, sum = 0;  // a NaN makes the sum NaN
  if (n < kWidth<T>) {
    for (int64_t i = 0; i < n; ++i)
      best = of_two(best, static_cast<C>(x[i])), sum += static_cast<C>(x[i]);
  } else {
    struct Lanes {
      Vector<C> best, sum;
    } l[4];
    for (Lanes& lanes : l) lanes = {Vector<C>{} + worst, Vector<C>{}};
    in_vectors<T>(x, n, worst, l, [=](Lanes& lanes, Vector<C> at) {
      lanes.best = of_two(lanes.best, at), lanes.sum += at;
    });
    best = across(of_two(of_two(l[0].best, l[1].best), of_two(l[2].best, l[3].best)), of_two);
    sum = across(l[0].sum + l[1].sum + l[2].sum + l[3].sum, [](auto a, auto b) { return a + b; });
  }
  if (is_nan(sum))
    for (int64_t i = 0; i < n; ++i)
      if (is_nan(static_cast<C>(x[i]))) return static_cast<C>(x[i]);
  return best;
}

/// The sum of a row, accumulated across blocks in double.
template <class T>
inline double row_sum(const T* x, int64_t n) {
  const auto add = [](auto a, auto b) { return a + b; };
  double total = 0;
  for (int64_t i = 0; i < n; i += kRowBlock)
    total += static_cast<double>(
        row_in_vectors<Compute<T>>(x + i, n - i < kRowBlock ? n - i : kRowBlock, 0, add, add));
  return total;
}

/// The sum of term(0) … term(n - 1), computed in C; for short rows.
template <class C, class F>
inline C lane_sum(int64_t n, F term) {
  return in_lanes(
      n, C(0), [=](C total, int64_t i) { return total + term(i); }, [](C a, C b) { return a + b; });
}

/// The sum of term(0) … term(n - 1) for rows of any length, accumulated across blocks in double.
template <class C, class F>
inline double row_sum(int64_t n, F term) {
  double total = 0;
  for (int64_t begin = 0; begin < n; begin += kRowBlock)
    total += static_cast<double>(in_lanes(
        n - begin < kRowBlock ? n - begin : kRowBlock, C(0),
        [=](C acc, int64_t i) { return acc + term(begin + i); }, [](C a, C b) { return a + b; }));
  return total;
}

/// The maximum of load(0) … load(n - 1), n > 0. NaN may or may not be ignored.
template <class C, class F>
inline C row_max(int64_t n, F load) {
  const auto larger = [](C a, C b) { return b > a ? b : a; };
  return in_lanes(
      n, load(0), [=](C acc, int64_t i) { return larger(acc, load(i)); }, larger);
}

}  // namespace
}  // namespace tapehead::kernels

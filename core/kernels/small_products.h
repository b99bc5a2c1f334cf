// For kernel files: products with few rows or a small right matrix, which is read where it is. BLAS
// would copy it into panels first, which takes about as long as such a product.
#pragma once

#include "tapehead/core/kernels/gemm.h"
#include "tapehead/core/kernels/vectors.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

// A tile of R x S dot products of rows of a and columns of b, each contiguous.
template <class T, int R, int S>
inline void dot_tile(const core::Product& p, const T* a, const T* b, T* c) {
  constexpr int W = kWidth<T>;
  Vector<T> sums[R][S] = {};
  int64_t k = 0;
  for (; k + W <= p.k; k += W) {
    Vector<T> right[S];
#pragma GCC unroll 8
    for (int s = 0; s < S; ++s) right[s] = load(b + s * p.b.column + k);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const Vector<T> left = load(a + r * p.a.row + k);
#pragma GCC unroll 8
      for (int s = 0; s < S; ++s) sums[r][s] += left * right[s];
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int s = 0; s < S; ++s) {
      T total = across(sums[r][s], [](auto x, auto y) { return x + y; });
      for (int64_t i = k; i < p.k; ++i) total += a[r * p.a.row + i] * b[s * p.b.column + i];
      T& to = c[r * p.row + s];
      to = p.beta ? to + total : total;
    }
}

/// Whether dot_products() are faster than BLAS.
inline bool suits_dot_products(const core::Product& p) {
  return p.a.column == 1 && p.b.row == 1 && p.m <= 32 && p.k >= (p.m <= 8 ? 64 : 192);
}

/// c (+)= a b for rows of a and columns of b that are contiguous.
template <class T>
void dot_products(const core::Product& p) {
  constexpr int kRows = 4, kColumns = 3;  // of 16 registers, 12 accumulate
  const T *a = static_cast<const T*>(p.a.data), *b = static_cast<const T*>(p.b.data);
  T* c = static_cast<T*>(p.c);
  for (int64_t j = 0; j < p.n; j += kColumns)
    for (int64_t i = 0; i < p.m; i += kRows) {
      const auto tile = [&]<int R, int S>() {
        dot_tile<T, R, S>(p, a + i * p.a.row, b + j * p.b.column, c + i * p.row + j);
      };
      const int64_t rows = p.m - i < kRows ? p.m - i : kRows;
      if (p.n - j >= kColumns)
        with_count<kRows>(rows, [&]<int R>() { tile.template operator()<R, kColumns>(); });
      else
        for (int64_t s = 0; s < p.n - j; ++s)
          with_count<kRows>(rows, [&]<int R>() {
            dot_tile<T, R, 1>(p, a + i * p.a.row, b + (j + s) * p.b.column, c + i * p.row + j + s);
          });
    }
}

// Some columns of b, or of a copy, and the same of c.
template <class T>
struct ColumnStrip {
  const T* b;
  int64_t step;  // of its rows
  int64_t terms;
  bool add;  // to c
  T* c;
  int64_t columns;  // fewer than a whole vector, or all of its V vectors
};

// A tile of R rows and V vectors of columns.
template <class T, int R, int V>
inline void sum_tile(const core::Product& p, const T* a, const ColumnStrip<T>& strip, T* c) {
  constexpr int W = kWidth<T>;
  Vector<T> sums[R][V] = {};
  const T* b = strip.b;
  for (int64_t k = 0; k < strip.terms; ++k, a += p.a.column, b += strip.step) {
    Vector<T> right[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) right[v] = load(b + v * W);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const T left = a[r * p.a.row];
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) sums[r][v] += left * right[v];
    }
  }
  if (V == 1 && strip.columns < W) {
    for (int r = 0; r < R; ++r) {
      T elements[W];
      store(elements, sums[r][0]);
      for (int64_t j = 0; j < strip.columns; ++j)
        c[r * p.row + j] = strip.add ? c[r * p.row + j] + elements[j] : elements[j];
    }
    return;
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) {
      T* to = c + r * p.row + v * W;
      store(to, strip.add ? load(to) + sums[r][v] : sums[r][v]);
    }
}

constexpr int64_t kStripTerms = 128;  // whose columns of b stay in the L1 cache

template <class T, int V>
inline void multiply_strip(const core::Product& p, const T* a, const ColumnStrip<T>& strip) {
  constexpr int kRows = 6;  // of 16 registers, 12 accumulate
  const int64_t groups = (p.m + kRows - 1) / kRows;
  for (int64_t g = 0; g < groups; ++g) {
    const int64_t i = p.m * g / groups, rows = p.m * (g + 1) / groups - i;
    with_count<kRows>(
        rows, [&]<int R>() { sum_tile<T, R, V>(p, a + i * p.a.row, strip, strip.c + i * p.row); });
  }
}

/// Whether tile_products() are faster than BLAS: with longer rows, columns of b would share few
/// sets of the cache.
inline bool suits_tile_products(const core::Product& p) {
  return p.b.column == 1 && p.b.row <= 256 && p.k * p.n <= 1 << 14;
}

/// c (+)= a b for rows of b that are contiguous.
template <class T>
void tile_products(const core::Product& p) {
  constexpr int W = kWidth<T>;
  const T *a = static_cast<const T*>(p.a.data), *b = static_cast<const T*>(p.b.data);
  T* c = static_cast<T*>(p.c);
  for (int64_t k = 0; k < p.k;
       k += kStripTerms, a += kStripTerms * p.a.column, b += kStripTerms * p.b.row) {
    const int64_t terms = p.k - k < kStripTerms ? p.k - k : kStripTerms;
    const bool add = p.beta || k > 0;
    int64_t j = 0;
    for (; j + 2 * W <= p.n; j += 2 * W)
      multiply_strip<T, 2>(p, a, {b + j, p.b.row, terms, add, c + j, 2 * W});
    for (; j + W <= p.n; j += W) multiply_strip<T, 1>(p, a, {b + j, p.b.row, terms, add, c + j, W});
    if (j == p.n) continue;
    T rest[kStripTerms * W] = {};
    for (int64_t l = 0; l < terms; ++l)
      for (int64_t i = j; i < p.n; ++i) rest[l * W + i - j] = b[l * p.b.row + i];
    multiply_strip<T, 1>(p, a, {rest, W, terms, add, c + j, p.n - j});
  }
}

}  // namespace
}  // namespace tapehead::kernels::TAPEHEAD_ISA

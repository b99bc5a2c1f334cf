// For kernel files: products with few rows, for each kind of panel_loops.h.
//
// Rows of A are packed side by side, padded with zeros. If columns of B are contiguous, an element
// of C is a dot product; if rows are, a few rows of B at a time are added to sums of C, in the L1
// cache. Memory is fastest when it is read from beginning to end, so a few rows of A are multiplied
// with one column of B after the other. With more, the arithmetic takes longer than reading: tiles
// of several rows and columns share what they load.
#pragma once

#include "tapehead/core/kernels/panel_elements.h"
#include "tapehead/core/kernels/panel_tile.h"
#include "tapehead/core/kernels/row_products.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

using core::PanelProduct;

inline constexpr int kLineRows = 4;              // the most that are multiplied with one column
inline constexpr int64_t kLineBytes = 16 << 10;  // of these rows, which stay in the L1 cache
inline constexpr int kDotRows = kVectorBytes == 64 ? 6 : 4;  // of a tile of dot products
inline constexpr int kDotColumns = kVectorBytes == 64 ? 4 : 2;
inline constexpr int kSumRows = 4;  // of a tile of sums
inline constexpr int kSumVectors = kVectorBytes == 64 ? 4 : 2;
inline constexpr int kSumStrip = kSumVectors * kLanes;
inline constexpr int64_t kSums = 4096;  // which stay in the L1 cache

// Whether elements of C are dot products of rows of A and contiguous columns of B.
inline bool are_dots(const PanelProduct& p) {
  return p.b.row == 1 && (p.b.column != 1 || p.n == 1);
}

// Whether a product has so few rows that it is slower in panels. Dot products of few terms spend
// more time on adding up vectors.
template <class Kind>
bool has_few_rows(const PanelProduct& p) {
  constexpr int64_t kLong = 256;
  return p.m <= 16 || (are_dots(p) && p.m <= (p.k >= kLong ? 48 : 32 / Kind::kTerms));
}

// The distance of packed rows, in packed elements.
template <class Kind>
int64_t row_step(int64_t k) {
  return round_up(ceil_div(k, Kind::kTerms), kLanes);
}
template <class Kind>
int64_t row_bytes(int64_t m, int64_t k) {
  return m * row_step<Kind>(k) * static_cast<int64_t>(sizeof(typename Kind::Packed));
}

template <class Kind, class A>
void pack_row_elements(const PanelProduct& p, void* packed) {
  constexpr int64_t kVector = kLanes * Kind::kTerms;  // terms
  const int64_t step = row_step<Kind>(p.k);
  auto* to = static_cast<typename Kind::Packed*>(packed);
  for (int64_t r = 0; r < p.m; ++r, to += step) {
    const A* const from = static_cast<const A*>(p.a.data) + r * p.a.row;
    for (int64_t k = 0; k < p.k; k += kVector) {
      A line[kVector];
      const int64_t terms = std::min(kVector, p.k - k);
      if (p.a.column != 1)
#pragma GCC unroll 1
        for (int64_t i = 0; i < terms; ++i) line[i] = from[(k + i) * p.a.column];
      store(to + k / Kind::kTerms, Kind::along(p.a.column == 1 ? from + k : line, terms));
    }
  }
}

template <class Kind>
void pack_row_products(const PanelProduct& p, void* packed) {
  if (p.a_type == DType::bf16) pack_row_elements<Kind, bfloat16>(p, packed);
  else pack_row_elements<Kind, float>(p, packed);
}

// Two vectors of partial sums as one, whose elements belong to a and b in turns.
inline Vector<float> join(Vector<float> a, Vector<float> b) {
  return interleave<float, false>(a, b) + interleave<float, true>(a, b);
}

// The sums of every S-th element.
template <int S, class V>
inline auto fold(V v) {
  constexpr int kCount = sizeof(V) / sizeof(v[0]);
  if constexpr (kCount == S) return v;
  else return [&]<int... I>(std::integer_sequence<int, I...>) {
      return fold<S>(__builtin_shufflevector(v, v, I...) +
                     __builtin_shufflevector(v, v, (kCount / 2 + I)...));
    }
  (std::make_integer_sequence<int, kCount / 2>());
}

// The totals of kColumns vectors of partial sums for each of some rows.
template <int kColumns>
[[gnu::noinline]] void store_totals(const float* parts, int rows, float* to, int64_t width) {
  for (int r = 0; r < rows; ++r, parts += kColumns * kLanes, to += width) {
    const auto part = [parts](int s) { return load(parts + s * kLanes); };
    Vector<float> joined;
    if constexpr (kColumns == 2) joined = join(part(0), part(1));
    else joined = join(join(part(0), part(2)), join(part(1), part(3)));
    const auto totals = fold<kColumns>(joined);
    __builtin_memcpy(to, &totals, sizeof totals);
  }
}

// The dot products of R rows at a distance of `step` and a contiguous column of B, each in several
// partial sums.
template <class Kind, class B, int R>
[[gnu::noinline]] void dot_line(const typename Kind::Packed* rows, int64_t step, const B* from,
                                int64_t terms, float* to, int64_t width) {
  constexpr int kParts = R > 2 ? 2 : 4;
  constexpr int64_t kVector = kLanes * Kind::kTerms, kAhead = 4096 / sizeof(B);
  Vector<float> sums[kParts][R] = {};
  const auto add = [&](int part, int64_t l) __attribute__((always_inline)) {
    const auto right = Kind::along(from + l, kVector);
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r)
      sums[part][r] =
          Kind::multiply_add(sums[part][r], load(rows + r * step + l / Kind::kTerms), right);
  };
  int64_t l = 0;
  for (; l + kParts * kVector <= terms; l += kParts * kVector) {
#pragma GCC unroll 4
    for (int part = 0; part < kParts; ++part) {
      if (R > 1) __builtin_prefetch(from + l + part * kVector + kAhead);
      add(part, l + part * kVector);
    }
  }
  for (; l + kVector <= terms; l += kVector) add(0, l);
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r) {
    if constexpr (kParts > 2) sums[0][r] += sums[2][r], sums[1][r] += sums[3][r];
    to[r * width] = across(sums[0][r] + sums[1][r], [](auto x, auto y) { return x + y; });
  }
}

// The dot products of R rows at a distance of `step` and kDotColumns contiguous columns of B. What
// begins at `next` is read next; each step of the sums prefetches some of it.
template <class Kind, class B, int R>
[[gnu::noinline]] void dot_tile(const typename Kind::Packed* rows, int64_t step, const B* from,
                                int64_t column, int64_t terms, const B* next, int64_t advance,
                                float* to, int64_t width) {
  using Packed = typename Kind::Packed;
  constexpr int64_t kVector = kLanes * Kind::kTerms;
  Vector<float> sums[R][kDotColumns] = {};
  for (int64_t l = 0; l + kVector <= terms; l += kVector, next += advance) {
#pragma GCC unroll 4
    for (int s = 0; s < kDotColumns; ++s) __builtin_prefetch(next + s * kVector);
    Vector<Packed> right[kDotColumns];
#pragma GCC unroll 4
    for (int s = 0; s < kDotColumns; ++s) right[s] = Kind::along(from + s * column + l, kVector);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const Vector<Packed> left = load(rows + r * step + l / Kind::kTerms);
#pragma GCC unroll 4
      for (int s = 0; s < kDotColumns; ++s)
        sums[r][s] = Kind::multiply_add(sums[r][s], left, right[s]);
    }
  }
  alignas(64) float parts[R * kDotColumns * kLanes];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
    for (int s = 0; s < kDotColumns; ++s) store(parts + (r * kDotColumns + s) * kLanes, sums[r][s]);
  store_totals<kDotColumns>(parts, R, to, width);
}

// Adds the products of the terms that do not fill a vector, for some columns from `from` on.
template <class Kind, class B>
[[gnu::noinline]] void add_last_terms(const PanelProduct& p, const typename Kind::Packed* rows,
                                      const B* from, int64_t columns, float* to, int64_t width) {
  const int64_t terms = p.k % (kLanes * Kind::kTerms), begin = p.k - terms;
  for (int64_t j = 0; j < columns; ++j, ++to) {
    const auto right = Kind::along(from + j * p.b.column + begin, terms);
    for (int64_t r = 0; r < p.m; ++r) {
      const auto left = load(rows + r * row_step<Kind>(p.k) + begin / Kind::kTerms);
      to[r * width] += across(Kind::multiply_add(Vector<float>{}, left, right),
                              [](auto x, auto y) { return x + y; });
    }
  }
}

// The dot products with columns first to last of B.
template <class Kind, class B>
void dot_columns(const PanelProduct& p, int64_t first, int64_t last,
                 const typename Kind::Packed* rows, float* sums, int64_t width) {
  const int64_t step = row_step<Kind>(p.k), column = p.b.column;
  const B* from = static_cast<const B*>(p.b.data) + first * column;
  const int64_t groups = ceil_div(p.m, kDotRows);
  const int64_t advance = kDotColumns * kLanes * Kind::kTerms / groups;
  const bool in_tiles = p.m > kLineRows || (p.m > 1 && row_bytes<Kind>(p.m, p.k) > kLineBytes);
  const B* const begin = from;
  int64_t j = first;
  for (; in_tiles && j + kDotColumns <= last; j += kDotColumns) {
    const B* const next = from + kDotColumns * column;
    for (int64_t g = 0; g < groups; ++g) {
      const int64_t i = p.m * g / groups;
      with_count<kDotRows>(p.m * (g + 1) / groups - i, [&]<int R>() {
        if constexpr (R > 1)
          dot_tile<Kind, B, R>(rows + i * step, step, from, column, p.k,
                               next + kDotColumns * p.k * g / groups, advance,
                               sums + i * width + j - first, width);
      });
    }
    from = next;
  }
  for (; j < last; ++j, from += column)
    for (int64_t i = 0; i < p.m; i += kLineRows)
      with_count<kLineRows>(std::min<int64_t>(kLineRows, p.m - i), [&]<int R>() {
        dot_line<Kind, B, R>(rows + i * step, step, from, p.k, sums + i * width + j - first, width);
      });
  if (p.k % (kLanes * Kind::kTerms) != 0)
    add_last_terms<Kind>(p, rows, begin, last - first, sums, width);
}

// Adds the products of R rows and kSumStrip columns of B, for `terms` rows of B, to sums.
template <class Kind, class B, int R>
[[gnu::noinline]] void add_rows(const typename Kind::Packed* rows, int64_t step, const B* from,
                                int64_t row, int64_t terms, int64_t ahead, float* to,
                                int64_t width) {
  using Packed = typename Kind::Packed;
  constexpr int64_t kLine = 64 / sizeof(B);
  Vector<float> sums[R][kSumVectors];
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < kSumVectors; ++v) sums[r][v] = load(to + r * width + v * kLanes);
  for (int64_t k = 0; k < terms; k += Kind::kTerms, ++rows) {
    Vector<Packed> right[kSumVectors / 2][2];
#pragma GCC unroll 2
    for (int v = 0; v < kSumVectors / 2; ++v)
      Kind::across(from + k * row + 2 * v * kLanes, row, terms - k, right[v]);
#pragma GCC unroll 2
    for (int64_t l = 0; l < Kind::kTerms; ++l)
#pragma GCC unroll 4
      for (int64_t c = 0; c < kSumStrip; c += kLine)
        __builtin_prefetch(from + (k + l) * row + ahead + c);
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) {
      const auto left = Kind::broadcast(rows[r * step]);
#pragma GCC unroll 4
      for (int v = 0; v < kSumVectors; ++v)
        sums[r][v] = Kind::multiply_add(sums[r][v], left, right[v / 2][v % 2]);
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < kSumVectors; ++v) store(to + r * width + v * kLanes, sums[r][v]);
}

// Adds the products with columns first to last of B to sums.
template <class Kind, class B>
void sum_columns(const PanelProduct& p, int64_t first, int64_t last,
                 const typename Kind::Packed* rows, float* sums, int64_t width) {
  // Rows that are added at a time: more, if they are short, because they follow each other.
  constexpr int64_t kMost = 64, kFew = 8, kShort = 512, kAhead = 4096 / sizeof(B);
  const bool is_short = p.b.row <= kShort;
  const int64_t most = (is_short ? kMost : kFew) * Kind::kTerms;
  const int64_t ahead =
      (is_short ? ceil_div(kAhead, std::max<int64_t>(p.b.row, 1)) : most) * p.b.row;
  const int64_t step = row_step<Kind>(p.k), groups = ceil_div(p.m, kSumRows);
  for (int64_t k = 0; k < p.k; k += most) {
    const int64_t terms = std::min(most, p.k - k);
    const auto add = [&](int64_t j, const B* from, int64_t row) {
      for (int64_t g = 0; g < groups; ++g) {
        const int64_t i = p.m * g / groups;
        with_count<kSumRows>(p.m * (g + 1) / groups - i, [&]<int R>() {
          add_rows<Kind, B, R>(rows + i * step + k / Kind::kTerms, step, from, row, terms, ahead,
                               sums + i * width + j - first, width);
        });
      }
    };
    const B* const from = static_cast<const B*>(p.b.data) + k * p.b.row;
    int64_t j = first;
    for (; j + kSumStrip <= last; j += kSumStrip) add(j, from + j, p.b.row);
    if (j == last) continue;
    B rest[kMost * Kind::kTerms * kSumStrip] = {};
    for (int64_t l = 0; l < terms; ++l)
      __builtin_memcpy(rest + l * kSumStrip, from + l * p.b.row + j,
                       static_cast<size_t>(last - j) * sizeof(B));
    add(j, rest, kSumStrip);
  }
}

// Columns first to last of C from their sums.
template <class C>
[[gnu::noinline]] void finish_sums(const PanelProduct& p, int64_t first, int64_t last,
                                   const float* sums, int64_t width) {
  for (int64_t r = 0; r < p.m; ++r, sums += width)
    for (int64_t c = first; c < last; c += kLanes)
      finish(static_cast<C*>(p.c) + r * p.row + c, load_floats(sums + c - first, last - c),
             last - c, p.beta, p.bias ? p.bias + c : nullptr);
}

template <class Kind, class B>
void multiply_some_rows(const PanelProduct& p, int64_t first, int64_t last, const void* packed) {
  const auto* rows = static_cast<const typename Kind::Packed*>(packed);
  alignas(64) float sums[kSums];
  const int64_t width = kSums / p.m / kSumStrip * kSumStrip;
  for (int64_t j = first; j < last; j += width) {
    const int64_t end = std::min(j + width, last);
    if (are_dots(p)) {
      dot_columns<Kind, B>(p, j, end, rows, sums, width);
    } else {
      for (int64_t r = 0; r < p.m; ++r)
        __builtin_memset(sums + r * width, 0,
                         static_cast<size_t>(round_up(end - j, kSumStrip)) * sizeof(float));
      sum_columns<Kind, B>(p, j, end, rows, sums, width);
    }
    if (p.c_type == DType::bf16) finish_sums<bfloat16>(p, j, end, sums, width);
    else finish_sums<float>(p, j, end, sums, width);
  }
}

template <class Kind>
void multiply_few_rows(const PanelProduct& p, int64_t first, int64_t last, const void* packed) {
  if (p.b_type == DType::bf16) multiply_some_rows<Kind, bfloat16>(p, first, last, packed);
  else if constexpr (kHasPanels && Kind::kTerms == 1)
    multiply_some_rows<Kind, float>(p, first, last, packed);
}

template <class Kind>
constexpr RowProductKernels kRowProductKernels = {Kind::suits_rows, row_bytes<Kind>,
                                                  pack_row_products<Kind>, multiply_few_rows<Kind>};

}  // namespace
}  // namespace tapehead::kernels::TAPEHEAD_ISA

// For kernel files: a tile of C, the product of a group of rows and a panel, for each kind of
// panel_loops.h.
#pragma once

#include <type_traits>

#include "tapehead/core/kernels/panel_elements.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

// Where a tile of sums goes, of R rows and up to kPanelColumns columns.
template <class C>
struct Target {
  C* c;
  int64_t row, columns;
  bool add;           // to c
  const float* bias;  // of the columns; null: none
};

// Adds up to kLanes sums to C, and the bias.
template <class C>
inline void finish(C* to, Vector<float> sum, int64_t lanes, bool add, const float* bias) {
  if (lanes <= 0) return;
  if (add) sum = load_floats(to, lanes) + sum;
  if (bias) sum += load_floats(bias, lanes);
  store_floats(to, sum, lanes);
}

// Whether whole tiles are stored to C from registers. Not if C is bf16 and tiles are many, and
// round by several instructions: their code would take 60 KB.
template <class C>
inline constexpr bool kStoresRegisters = std::is_same_v<C, float> || kGroupRows <= 6;
#if defined(__AVX512BF16__)
template <>
inline constexpr bool kStoresRegisters<bfloat16> = true;
#endif

[[gnu::always_inline]] inline void store_columns(bfloat16* to, const Vector<float> (&sums)[2]) {
#if defined(__AVX512BF16__)
  const auto rounded = _mm512_cvtne2ps_pbh((__m512)sums[1], (__m512)sums[0]);
  __builtin_memcpy(static_cast<void*>(to), &rounded, sizeof rounded);
#else
  store_floats(to, sums[0], kLanes);
  store_floats(to + kLanes, sums[1], kLanes);
#endif
}
[[gnu::always_inline]] inline void store_columns(float* to, const Vector<float> (&sums)[2]) {
  store(to, sums[0]);
  store(to + kLanes, sums[1]);
}

// Finishes a tile of sums in memory.
template <class C>
[[gnu::noinline]] void finish_rows(const float* sums, int rows, int vectors, const Target<C>& t) {
  for (int r = 0; r < rows; ++r)
    for (int v = 0; v < vectors; ++v)
      finish(t.c + r * t.row + v * kLanes, load(sums + (r * vectors + v) * kLanes),
             t.columns - v * kLanes, t.add, t.bias ? t.bias + v * kLanes : nullptr);
}

// Elements of up to 14 rows at one distance. Two pointers and four multiples of the distance
// suffice for the CPU's addressing modes; with a pointer for each row, the compiler would spill
// some.
template <class Packed>
class RowElements {
 public:
  RowElements(const Packed* rows, int64_t distance)
      : first_(reinterpret_cast<const char*>(rows)),
        one_(distance * static_cast<int64_t>(sizeof(Packed))),
        three_(3 * one_),
        five_(5 * one_),
        seven_(7 * one_),
        ninth_(first_ + 9 * one_) {
    asm("" : "+r"(three_), "+r"(five_), "+r"(seven_), "+r"(ninth_));  // not to be derived again
  }
  [[gnu::always_inline]] Packed at(int row) const {
    const char* from = row < 9 ? first_ : ninth_;
    const int r = row < 9 ? row : row - 9;
    const int odd = r % 2 == 1 ? r : r == 6 ? 3 : 1, scale = r / odd;
    const int64_t step = odd == 1 ? one_ : odd == 3 ? three_ : odd == 5 ? five_ : seven_;
    Packed element;  // pairs of bf16 numbers need not be aligned
    __builtin_memcpy(&element, from + scale * step, sizeof element);
    return element;
  }
  void advance() { first_ += sizeof(Packed), ninth_ += sizeof(Packed); }

 private:
  const char* first_;
  int64_t one_, three_, five_, seven_;
  const char* ninth_;
};

// The sums of products of R rows of a group, which is row after row at a distance `rows` or, unless
// kByRows, column after column, and V vectors of columns of a panel, whose rows are `step` apart.
template <class Kind, class C, int R, int V, bool kByRows>
[[gnu::noinline]] void tile(const typename Kind::Packed* group, int64_t rows,
                            const typename Kind::Packed* panel, int64_t step, int64_t depth,
                            const Target<C>& t) {
  using Packed = typename Kind::Packed;
  Vector<float> sums[R][V] = {};
  RowElements<Packed> row_elements(group, rows);
#pragma GCC unroll 1
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < V; ++v) __builtin_prefetch(t.c + r * t.row + v * kLanes, 1);
  for (int64_t l = 0; l < depth; ++l, panel += step) {
    Vector<Packed> right[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) right[v] = load(panel + v * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const auto left = Kind::broadcast(kByRows ? row_elements.at(r) : group[l * kLanes + r]);
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) sums[r][v] = Kind::multiply_add(sums[r][v], left, right[v]);
    }
    row_elements.advance();
  }
  // Most tiles are whole; others, and those added to bf16, go through memory.
  if constexpr (V == kPanelVectors && kStoresRegisters<C>) {
    constexpr bool kIsFloat = std::is_same_v<C, float>;
    if (t.columns >= V * kLanes && (kIsFloat || !t.add)) {
      C* to = t.c;
      if (kIsFloat && t.add) {
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
          for (int v = 0; v < V; ++v)
            sums[r][v] += load_floats(to + r * t.row + v * kLanes, kLanes);
      }
      if (t.bias) {
#pragma GCC unroll 2
        for (int v = 0; v < V; ++v) {
          const Vector<float> bias = load(t.bias + v * kLanes);
#pragma GCC unroll 16
          for (int r = 0; r < R; ++r) sums[r][v] += bias;
        }
      }
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r, to += t.row) store_columns(to, sums[r]);
      return;
    }
  }
  alignas(64) float rest[R * V * kLanes];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) store(rest + (r * V + v) * kLanes, sums[r][v]);
  finish_rows(rest, R, V, t);
}

template <class Kind, class C>
using Tile = void (*)(const typename Kind::Packed* group, int64_t rows,
                      const typename Kind::Packed* panel, int64_t step, int64_t depth,
                      const Target<C>& t);

// The tile() for that many rows, and one or two vectors of columns.
template <class Kind, class C, bool kByRows>
inline Tile<Kind, C> tile_of(int64_t rows, bool one_vector) {
  constexpr auto kTable = []<int... R>(std::integer_sequence<int, R...>) {
    struct {
      Tile<Kind, C> tiles[2][kGroupRows];
    } table{
        {{tile<Kind, C, R + 1, kPanelVectors, kByRows>...}, {tile<Kind, C, R + 1, 1, kByRows>...}}};
    return table;
  }
  (std::make_integer_sequence<int, kGroupRows>());
  return kTable.tiles[one_vector][rows - 1];
}

}  // namespace
}  // namespace tapehead::kernels::TAPEHEAD_ISA

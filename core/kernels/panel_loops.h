// For kernel files: the loops of products in panels, for any type of packed elements.
//
// B is packed into panels of kPanelColumns columns, block by block of k ("depth"), so that a block of
// panels stays in the L2 cache. For each depth, the rows of A are packed in groups of up to kGroupRows,
// which stay in the L1 cache, and multiplied with the panels one after the other; the products of a
// group and a panel accumulate in registers.
#pragma once

#include <algorithm>

#include "tapehead/core/kernels/gemm.h"
#include "tapehead/core/kernels/vectors.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

inline constexpr int kGroupRows = kVectorBytes == 64 ? 14 : 6;
inline constexpr int kPanelVectors = 2;  // of a row of a panel
inline constexpr int kPanelColumns = kPanelVectors * kWidth<float>;
inline constexpr int64_t kBlockBytes = 640 << 10;  // of packed B in the L2 cache

inline int64_t ceil_div(int64_t n, int64_t d) { return (n + d - 1) / d; }
inline int64_t round_up(int64_t n, int64_t multiple) { return ceil_div(n, multiple) * multiple; }

// Where a tile of sums goes, of R rows and up to kPanelColumns columns.
struct Target {
  float* c;
  int64_t row, columns;
  bool add;           // to c
  const float* bias;  // of the columns; null: none
};

inline void finish(float* to, Vector<float> sum, int64_t lanes, bool add, const float* bias) {
  if (lanes == kWidth<float>) {
    if (add) sum = load(to) + sum;
    if (bias) sum += load(bias);
    store(to, sum);
  } else if (lanes > 0) {
    if (add) sum = load_some(to, lanes) + sum;
    if (bias) sum += load_some(bias, lanes);
    store_some(to, sum, lanes);
  }
}

template <int R, int V>
inline void finish_tile(Vector<float> (&sums)[R][V], const Target& t) {
  constexpr int W = kWidth<float>;
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v)
      finish(t.c + r * t.row + v * W, sums[r][v], std::min<int64_t>(t.columns - v * W, W), t.add,
             t.bias ? t.bias + v * W : nullptr);
}

// Lines of memory that will be read after some tiles.
struct Ahead {
  const void* data;
  int64_t rows, row_bytes, bytes;  // of each row
  void prefetch(int64_t tile, int64_t tiles) const {
    const int64_t lines = ceil_div(bytes, 64), all = rows * lines;
    for (int64_t x = all * tile / tiles; x < all * (tile + 1) / tiles; ++x)
      __builtin_prefetch(static_cast<const char*>(data) + x / lines * row_bytes + x % lines * 64);
  }
};

template <class Kind>
int64_t parts(int64_t k) {
  return ceil_div(k, Kind::kDepth);
}

// Part `part` of k, whose size is a multiple of Kind::kStep unless it is the last.
struct Depth {
  int64_t begin, size;
};
template <class Kind>
Depth depth_of(int64_t k, int64_t part) {
  const int64_t steps = ceil_div(k, Kind::kStep), count = parts<Kind>(k);
  const int64_t begin = steps * part / count * Kind::kStep;
  return {begin, std::min(steps * (part + 1) / count * Kind::kStep, k) - begin};
}

template <class Kind>
int64_t packed_size(int64_t k, int64_t n, int64_t part, int64_t end) {
  if (part == end) return 0;
  const auto [last, size] = depth_of<Kind>(k, end - 1);
  return (last + round_up(size, Kind::kStep) - depth_of<Kind>(k, part).begin) *
         round_up(n, kPanelColumns) * static_cast<int64_t>(sizeof(typename Kind::Packed));
}

template <class Kind>
void pack(const core::Product& p, int64_t part, int64_t first, int64_t last, void* packed) {
  constexpr int64_t kStrip = 8 * kPanelColumns;  // whose rows are read in sequence
  const auto [l, depth] = depth_of<Kind>(p.k, part);
  for (int64_t j = first; j < last; j += kStrip)
    Kind::pack_panels(p.b, l, depth, j, std::min(kStrip, last - j),
                      static_cast<typename Kind::Packed*>(packed) + j * round_up(depth, Kind::kStep));
}

// Rows i to i + R of C, columns j to j + columns, for one depth. `next` are the rows of A that
// follow.
template <class Kind, int R, bool kByRows>
inline void multiply_group(const core::Product& p, const typename Kind::Packed* group,
                           const typename Kind::Packed* panels, int64_t l, int64_t depth, int64_t i,
                           int64_t j, int64_t columns, const Ahead& next) {
  constexpr int W = kWidth<float>;
  const bool first = l == 0;
  const float* const bias = first ? static_cast<const float*>(p.bias) : nullptr;
  Target t{static_cast<float*>(p.c) + i * p.row + j, p.row, 0, p.beta || !first,
           bias ? bias + j : nullptr};
  const int64_t tiles = ceil_div(columns, kPanelColumns);
  for (int64_t tile = 0; tile < tiles; ++tile) {
    next.prefetch(tile, tiles);
    t.columns = std::min<int64_t>(kPanelColumns, columns - tile * kPanelColumns);
    if (t.columns > W) Kind::template tile<R, kPanelVectors, kByRows>(group, panels, depth, t);
    else Kind::template tile<R, 1, kByRows>(group, panels, depth, t);
    t.c += kPanelColumns;
    if (bias) t.bias += kPanelColumns;
    panels += kPanelColumns * round_up(depth, Kind::kStep);
  }
}

// Columns j to j + columns of C, for one depth.
template <class Kind, bool kByRows>
void multiply_block(const core::Product& p, Depth depth, int64_t j, int64_t columns,
                    const typename Kind::Packed* panels) {
  constexpr int64_t kGroups = Kind::template groups<kByRows>();  // packed at a time
  constexpr int64_t kSize = Kind::template group_size<kByRows>();
  alignas(64) typename Kind::Packed packed_a[kGroups * kSize];
  const int64_t groups = ceil_div(p.m, kGroupRows);
  const auto row_of = [&](int64_t g) { return p.m * std::min(g, groups) / groups; };
  for (int64_t g = 0; g < groups; ++g) {
    const int64_t i = row_of(g), end = row_of(g + 1), slot = g % kGroups;
    if (slot == 0)
      Kind::template pack_groups<kByRows>(p.a, row_of, g, std::min(kGroups, groups - g),
                                          depth.begin, depth.size, packed_a);
    const typename Kind::Packed* const group = packed_a + slot * kSize;
    const Ahead next = slot + 1 < kGroups
                           ? Ahead{group + kSize, 1, 0, kSize * sizeof *group}
                           : Kind::ahead(p.a, end, row_of(g + 2) - end, depth.begin, depth.size);
    with_count<kGroupRows>(end - i, [&]<int R>() {
      multiply_group<Kind, R, kByRows>(p, group, panels, depth.begin, depth.size, i, j, columns,
                                       next);
    });
  }
}

template <class Kind>
void multiply(const core::Product& p, int64_t part, int64_t end, int64_t first, int64_t last,
              const void* packed) {
  using Packed = typename Kind::Packed;
  constexpr int64_t kPanelBytes = Kind::kDepth * kPanelColumns * static_cast<int64_t>(sizeof(Packed));
  const int64_t blocks = ceil_div(last - first, kBlockBytes / kPanelBytes * kPanelColumns);
  const int64_t step = round_up(ceil_div(last - first, blocks), kPanelColumns);
  for (int64_t j = first; j < last; j += step)
    for (int64_t q = part; q < end; ++q) {
      const Depth depth = depth_of<Kind>(p.k, q);
      const Packed* const panels =
          reinterpret_cast<const Packed*>(static_cast<const char*>(packed) + packed_size<Kind>(p.k, p.n, part, q)) +
          j * round_up(depth.size, Kind::kStep);
      const int64_t columns = std::min(step, last - j);
      if (p.a.column == 1) multiply_block<Kind, true>(p, depth, j, columns, panels);
      else multiply_block<Kind, false>(p, depth, j, columns, panels);
    }
}

inline int64_t panel_width() { return kPanelColumns; }

}  // namespace
}  // namespace tapehead::kernels::TAPEHEAD_ISA

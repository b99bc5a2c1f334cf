// Matrix products in f32 in panels.
#include "tapehead/core/kernels/panels.h"

#include "tapehead/core/kernels/panel_loops.h"
#include "tapehead/core/kernels/small_products.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

struct Floats {
  using Packed = float;
  static constexpr int64_t kDepth = 384, kStep = 1;
  static constexpr int64_t kRowStep = kDepth + 16;  // of a group by rows; no power of two
  static constexpr int64_t kGroups = 8;
  static constexpr int64_t kLanes = kVectorBytes / sizeof(float);  // of a group by columns

  template <bool kByRows>
  static constexpr int64_t group_size() {
    return kByRows ? kGroupRows * kRowStep : kDepth * kLanes;
  }
  // Columns of A that are far apart are read for several groups at a time.
  template <bool kByRows>
  static constexpr int64_t groups() {
    return kByRows ? 1 : kGroups;
  }

  // Packs the rows of groups g to g + groups: row after row, or column after column as A is.
  template <bool kByRows>
  static void pack_groups(const core::Matrix& a, auto row_of, int64_t g, int64_t groups, int64_t l,
                          int64_t depth, float* to) {
    constexpr int W = kWidth<float>;
    const int64_t i = row_of(g), rows = row_of(g + 1) - i;
    const float* from = static_cast<const float*>(a.data) + i * a.row + l * a.column;
    if (kByRows) {
      for (int64_t r = 0; r < rows; ++r, from += a.row, to += kRowStep) {
        int64_t k = 0;
        for (; k + W <= depth; k += W) store(to + k, load(from + k));
        if (k < depth) store(to + k, load_some(from + k, depth - k));
      }
    } else {
      int64_t first[kGroups + 1];
      for (int64_t s = 0; s <= groups; ++s) first[s] = row_of(g + s) - i;
      for (int64_t k = 0; k < depth; ++k, from += a.column, to += kLanes)
        for (int64_t s = 0; s < groups; ++s)
          store(to + s * kDepth * kLanes, load_some(from + first[s], first[s + 1] - first[s]));
    }
  }

  static void pack_panels(const core::Matrix& b, int64_t l, int64_t depth, int64_t j,
                          int64_t columns, float* to) {
    const float* from = static_cast<const float*>(b.data) + l * b.row + j * b.column;
    if (b.column == 1) return pack_rows(from, b.row, depth, columns, to);
    for (; columns > 0; columns -= kPanelColumns) {
      pack_columns(from, b.column, depth, columns, to);
      from += kPanelColumns * b.column;
      to += kPanelColumns * depth;
    }
  }

  static Ahead ahead(const core::Matrix& a, int64_t i, int64_t rows, int64_t l, int64_t depth) {
    const float* from = static_cast<const float*>(a.data) + i * a.row + l * a.column;
    constexpr int64_t kBytes = sizeof(float);
    if (a.column == 1) return {from, rows, a.row * kBytes, depth * kBytes};
    return {from, depth, a.column * kBytes, rows * kBytes};
  }

  template <int R, int V, bool kByRows>
  [[gnu::noinline]] static void tile(const float* group, const float* panel, int64_t depth,
                                     const Target& target) {
    constexpr int W = kWidth<float>;
    Vector<float> sums[R][V] = {};
    for (int64_t l = 0; l < depth; ++l, panel += kPanelColumns) {
      Vector<float> right[V];
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) right[v] = load(panel + v * W);
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) {
        const float left = kByRows ? group[r * kRowStep + l] : group[l * kLanes + r];
#pragma GCC unroll 2
        for (int v = 0; v < V; ++v) sums[r][v] += left * right[v];
      }
    }
    finish_tile(sums, target);
  }

 private:
  // Panels of rows that are contiguous.
  static void pack_rows(const float* from, int64_t row, int64_t depth, int64_t columns, float* to) {
    constexpr int W = kWidth<float>;
    for (int64_t l = 0; l < depth; ++l, from += row, to += kPanelColumns)
      for (int64_t j = 0; j < round_up(columns, kPanelColumns); j += W) {
        const int64_t lanes = std::clamp<int64_t>(columns - j, 0, W);
        float* const out = to + j / kPanelColumns * kPanelColumns * depth + j % kPanelColumns;
        store(out, lanes == W ? load(from + j) : load_some(from + j, lanes));
      }
  }

  // A panel of columns that are contiguous, in transposed squares.
  static void pack_columns(const float* from, int64_t column, int64_t depth, int64_t columns,
                           float* to) {
    constexpr int W = kWidth<float>;
    for (int v = 0; v < kPanelVectors; ++v, from += W * column) {
      const int64_t lanes = std::clamp<int64_t>(columns - v * W, 0, W);
      for (int64_t l = 0; l < depth; l += W) {
        const int64_t terms = std::min<int64_t>(W, depth - l);
        Vector<float> x[W];
#pragma GCC unroll 16
        for (int i = 0; i < W; ++i)
          x[i] = i >= lanes     ? Vector<float>{}
                 : terms == W ? load(from + i * column + l)
                              : load_some(from + i * column + l, terms);
        transpose<float>(x);
        for (int64_t i = 0; i < terms; ++i) store(to + (l + i) * kPanelColumns + v * W, x[i]);
      }
    }
  }
};

bool suits(const core::Product& p) {
  constexpr bool kFast = kVectorBytes > 16;  // than OpenBLAS
  return kFast && p.m > 1 && p.n > 1 && p.k > 1 && !suits_tile_products(p) && !suits_dot_products(p);
}

}  // namespace

extern const PanelKernels panels_kernels = {
    .suits = suits,
    .width = panel_width,
    .parts = parts<Floats>,
    .packed_size = packed_size<Floats>,
    .pack = pack<Floats>,
    .multiply = multiply<Floats>,
};

}  // namespace tapehead::kernels::TAPEHEAD_ISA

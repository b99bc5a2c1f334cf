// For kernel files: products of operands that are prepared, for each kind of panel_loops.h.
#pragma once

#include "tapehead/core/kernels/panel_loops.h"
#include "tapehead/core/kernels/prepared_products.h"
#include "tapehead/core/kernels/score_rows.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class Kind>
void prepare_rows(const float* a, int64_t row, int64_t m, int64_t k, void* to) {
  auto* out = static_cast<typename Kind::Packed*>(to);
  for (int64_t i = 0; i < m; ++i, a += row, out += kRowStep)
    for (int64_t l = 0; l < k; l += kLanes * Kind::kTerms)
      store(out + l / Kind::kTerms, Kind::along(a + l, k - l));
}

template <class Kind>
void prepare_columns(const float* a, int64_t row, int64_t m, int64_t k, void* to) {
  const Groups groups(m);
  auto* out = static_cast<typename Kind::Packed*>(to);
  for (int64_t g = 0; g < groups.count; ++g) {
    const int64_t i = groups.begin(g), lanes = groups.begin(g + 1) - i;
    for (int64_t l = 0; l < k; l += Kind::kTerms, out += kLanes)
      store(out, Kind::across(a + l * row + i, row, lanes, k - l));
  }
}

template <class Kind>
void prepare_panels(const float* b, int64_t k, int64_t n, void* to) {
  if constexpr (Kind::kTerms > 1) {
    auto* out = static_cast<typename Kind::Packed*>(to);
    for (int64_t l = 0; l < k; l += Kind::kTerms, b += Kind::kTerms * kRowStep, out += kRowStep)
      for (int64_t j = 0; j < n; j += kLanes)
        store(out + j, Kind::across(b + j, kRowStep, std::min<int64_t>(n - j, kLanes), k - l));
  }
}

template <class Kind>
void pack_whole(const PanelProduct& p, void* to) {
  pack_part<Kind>(p, {0, p.k, ceil_div(p.k, Kind::kTerms)}, 0, p.n, to);
}

inline void transpose_matrix(const float* x, int64_t row, int64_t m, int64_t n, float* to,
                             int64_t to_row) {
  for (int64_t i = 0; i < m; i += kLanes)
    for (int64_t j = 0; j < n; j += kLanes) {
      Vector<float> square[kLanes];
      const int64_t columns = std::min<int64_t>(n - j, kLanes);
#pragma GCC unroll 16
      for (int r = 0; r < kLanes; ++r)
        square[r] = i + r < m ? load_floats(x + (i + r) * row + j, columns) : Vector<float>{};
      tapehead::kernels::transpose<float>(square);
      for (int64_t c = 0; c < columns; ++c)
        store_floats(to + (j + c) * to_row + i, square[c], m - i);
    }
}

template <class Kind, bool kByRows>
void multiply_prepared(const core::PreparedProduct& p) {
  if constexpr (!kHasPanels) return;
  using Packed = typename Kind::Packed;
  const auto* a = static_cast<const Packed*>(p.a);
  const auto* b = static_cast<const Packed*>(p.b);
  const Groups groups(p.m);
  for (int64_t g = 0; g < groups.count; ++g) {
    const int64_t i = groups.begin(g), columns = p.columns ? p.columns[g] : p.n;
    const int64_t end = p.ends ? p.ends[g] : p.depth;
    const Packed* const group = a + (kByRows ? i * kRowStep : g * p.depth * kLanes);
    const int64_t rows = groups.begin(g + 1) - i;
    for (int64_t t = 0; t * kPanelColumns < columns; ++t) {
      const int64_t begin = std::min(p.begins ? p.begins[t] : 0, end), at = t * kPanelColumns;
      const Target<float> target{p.c + i * p.row + at, p.row,
                                 std::min<int64_t>(kPanelColumns, columns - at), p.add, nullptr};
      const auto tile = tile_of<Kind, float, kByRows>(rows, target.columns <= kLanes);
      tile(group + begin * (kByRows ? 1 : kLanes), kRowStep, b + t * p.b_panel + begin * p.b_row,
           p.b_row, end - begin, target);
    }
  }
}

template <class Kind>
constexpr PreparedKernels kPreparedKernels = {
    .terms = [] { return Kind::kTerms; },
    .width = panel_width,
    .groups = [](int64_t m) { return Groups(m).count; },
    .first_row = [](int64_t m, int64_t group) { return Groups(m).begin(group); },
    .rows = prepare_rows<Kind>,
    .columns = prepare_columns<Kind>,
    .panels = prepare_panels<Kind>,
    .pack = pack_whole<Kind>,
    .transpose = transpose_matrix,
    .multiply_rows = multiply_prepared<Kind, true>,
    .multiply_columns = multiply_prepared<Kind, false>,
    .accumulate = accumulate_prepared<Kind>,
    .score_gradients = score_gradients<Kind>,
};

}  // namespace
}  // namespace tapehead::kernels::TAPEHEAD_ISA

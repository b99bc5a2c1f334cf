// Matrix products whose operands are in the form in which they are multiplied: the many products of
// a tile of attention, which share operands, and use the results of others as they are.
//
// A packed element has four bytes: an f32 number, or a pair of bf16 numbers that follow each other
// in the sums. Left operands are rows at a distance of kPanelRowStep, or "columns": groups of rows,
// column after column. Right operands are panels of panel_width() columns.
#pragma once

#include "tapehead/core/kernels/family.h"
#include "tapehead/core/kernels/panels.h"

namespace tapehead::core {

/// C = A B, or C += A B. Parts of A and B that do not contribute can be left out, row group by row
/// group and panel by panel.
struct PreparedProduct {
  int64_t m, n, depth;  ///< sizes; the depth is that of the sums, in packed elements
  const void* a;
  const void* b;
  int64_t b_row, b_panel;  ///< distances of the rows of a panel, and of panels
  float* c;
  int64_t row;  ///< distance of the rows of C
  bool add;
  const int64_t* columns;  ///< the number of columns that each group of rows needs; null: n
  const int64_t* ends;     ///< where the sums of each group of rows end; null: at depth
  const int64_t* begins;   ///< where the sums of each panel begin; null: at 0
};

/// Rows of attention scores, kPanelRowStep apart.
struct ScoreRows {
  int64_t rows, columns;
  float* x;               ///< scores
  float* d;               ///< gradients of the weights
  const int64_t* needed;  ///< the first columns of each row, which are computed; the others are 0
  const float* log_sums;  ///< of each row of scores
  const float* deltas;    ///< the sum of weight * gradient of each row
  void* panels;
};

}  // namespace tapehead::core

namespace tapehead::kernels {

struct PreparedKernels {
  /// The terms of the sums in a packed element, and the columns of a panel.
  int64_t (*terms)();
  int64_t (*width)();
  /// The number of groups of m rows, and the first row of one.
  int64_t (*groups)(int64_t m);
  int64_t (*first_row)(int64_t m, int64_t group);
  /// Prepares the m x k matrix a, whose rows are contiguous, as rows.
  void (*rows)(const float* a, int64_t row, int64_t m, int64_t k, void* to);
  /// Prepares the transpose of the k x m matrix a, whose rows are contiguous, as columns.
  void (*columns)(const float* a, int64_t row, int64_t m, int64_t k, void* to);
  /// Prepares the k x n matrix b, whose rows are contiguous and kPanelRowStep apart, as panels that
  /// lie side by side: their rows are kPanelRowStep apart. Does nothing if packed elements are f32
  /// numbers, because b then has that form.
  void (*panels)(const float* b, int64_t k, int64_t n, void* to);
  /// Packs all of p.b as panels, one after the other.
  void (*pack)(const core::PanelProduct& p, void* to);
  /// Transposes the m x n matrix x, of row stride `row`, to rows of stride `to_row`.
  void (*transpose)(const float* x, int64_t row, int64_t m, int64_t n, float* to, int64_t to_row);
  void (*multiply_rows)(const core::PreparedProduct& p);
  void (*multiply_columns)(const core::PreparedProduct& p);
  /// AttentionKernels::accumulate() for the first n scores of a row, whose weights are prepared as
  /// a row in place; those of the other columns are 0. Memory after the row may be overwritten, as
  /// far as the next panel.
  float (*accumulate)(float* x, int64_t n, int64_t columns, float* largest, double* sum);
  /// Weights w = exp(x - log_sum), prepared as panels in x, and gradients w (d - delta) of the
  /// scores, prepared as rows in d and, if `panels` is not null, as panels there.
  void (*score_gradients)(const core::ScoreRows& rows);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS(prepared, PreparedKernels, "scaled_dot_product_attention")
TAPEHEAD_KERNELS(bf16_prepared, PreparedKernels, "scaled_dot_product_attention", avx512_bf16)

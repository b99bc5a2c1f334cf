// Computes the scores of one tile of attention, and their gradients. See tiled_attention.h for the
// dimension names.
#pragma once

#include <vector>

#include "tapehead/core/detail/attention_products.h"

namespace tapehead::core {

/// Where gradients are accumulated. Null pointers are skipped.
template <class T>
struct ScoreGradients {
  Strided<T> bias, distance, keys;
  T* q = nullptr;         // [rows, D] of the tile, before multiplication by the scale
  T* relative = nullptr;  // likewise for r; equal to q if r is q
};

/// Computes scores in one thread, whose buffers it owns. Tiles are rows of distance kTileStep.
template <class T>
class TileScores {
 public:
  TileScores(const AttentionSpec& spec, const AttentionTensors& in, bool backward);

  /// The matrix products, whose head, queries and keys are those of the last calls below.
  AttentionProducts<T>& products() { return products_; }
  /// Sets the queries of the tiles that follow: rows tile.row.. (tile.rows of them). For backward,
  /// products().set_head() must have been called.
  void set_queries(const Sequence& sequence, const ScoreTile& tile);
  /// The range of keys from *first to *last that any query of the tile may attend to, given window
  /// and lengths.
  void visible(const Sequence& sequence, const ScoreTile& tile, int64_t* first,
               int64_t* last) const;
  /// Computes the scores [rows, columns] of a tile; masked ones are -infinity.
  T* compute(const Sequence& sequence, const ScoreTile& tile);
  /// The gradient of the scores [rows, columns], which the caller fills in before backward().
  T* gradient() { return gradient_.data<T>() + kTileStep; }
  /// Whether backward() only multiplies gradient() with keys and queries, so that it may have the
  /// form in which AttentionProducts::score_gradients() leaves it.
  bool has_plain_gradient(const ScoreGradients<T>& into) const;
  /// Propagates gradient(), for the scores that compute() returned last, to the operands but v.
  /// Overwrites gradient().
  void backward(const Sequence& sequence, const ScoreTile& tile, const ScoreGradients<T>& into);

  /// Adds b_{j-i} g_i to x [rows, columns], for g [rows, E].
  void add_value_products(const Sequence& sequence, const ScoreTile& tile, const T* g, T* x);
  /// add_values() adds sum_j w_ij b_{j-i} to out [rows, E]. add_values_gradient() adds w_ij g_i,
  /// for g [rows, E], to the gradient of b_{j-i} in `table`.
  void add_values(const Sequence& sequence, const ScoreTile& tile, const T* w, T* out);
  void add_values_gradient(const Sequence& sequence, const ScoreTile& tile, const T* w, const T* g,
                           const Strided<T>& table);

 private:
  // The entries of a table of relative positions that a tile uses.
  struct Window {
    int64_t first, count;
  };
  Window window(const Sequence& sequence, const ScoreTile& tile, int64_t entries) const;
  void gather(const Sequence& sequence, const ScoreTile& tile, int64_t entries, const T* table,
              int64_t row_step, int64_t first, T* x) const;
  void scatter(const Sequence& sequence, const ScoreTile& tile, int64_t entries, const T* x,
               T* table, int64_t row_step, int64_t first) const;
  void hide(const Sequence& sequence, const ScoreTile& tile, T* scores) const;

  const AttentionSpec& spec_;
  const AttentionTensors& in_;
  bool backward_;
  int64_t width_;
  Strided<T> bias_, distance_, keys_, values_;
  TensorRows<T> q_, relative_;
  Strided<bool> mask_;
  Tensor scores_, gradient_;            // tiles
  Tensor plain_, before_, difference_;  // [rows, columns], for the user's function
  std::vector<T> query_, capped_, window_;
  AttentionProducts<T> products_;
};

}  // namespace tapehead::core

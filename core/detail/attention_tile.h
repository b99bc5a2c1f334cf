// Computes the scores of one tile of attention, and their gradients. See tiled_attention.h for the
// dimension names.
#pragma once

#include <vector>

#include "tapehead/core/detail/gemm.h"
#include "tapehead/core/detail/tiled_attention.h"

namespace tapehead::core {

inline constexpr int64_t kTileRows = 128;
inline constexpr int64_t kTileColumns = 256;

/// One sequence of the batch: its rows of q and of k, and the key position of its first query.
struct Sequence {
  int64_t batch, first_query, queries, first_key, keys, start;
};

/// Strided access to a tensor of up to four axes. Axes of size 1 have step 0 and so broadcast.
template <class T>
struct Strided {
  T* data = nullptr;
  int64_t step[4] = {};

  Strided() = default;
  explicit Strided(const Tensor& t) {
    if (!t.defined()) return;
    data = reinterpret_cast<T*>(t.raw());
    for (int i = 0; i < t.dim(); ++i) step[i] = t.shape()[i] == 1 ? 0 : t.strides()[i];
  }
  explicit operator bool() const { return data != nullptr; }
  T* at(int64_t i, int64_t j = 0, int64_t k = 0, int64_t l = 0) const {
    return data + i * step[0] + j * step[1] + k * step[2] + l * step[3];
  }
};

/// Where gradients are accumulated. Null pointers are skipped.
template <class T>
struct ScoreGradients {
  Strided<T> bias, distance, keys;
  T* q = nullptr;         // [rows, D] of the tile, before multiplication by the scale
  T* relative = nullptr;  // likewise for r; equal to q if r is q
  Strided<T> k;           // [B, H / G, S, D]
};

/// Computes scores in one thread, whose buffers it owns.
template <class T>
class TileScores {
 public:
  TileScores(const AttentionSpec& spec, const AttentionTensors& in, bool backward);

  /// Sets the queries of the tiles that follow: rows tile.row.. (tile.rows of them).
  void set_queries(const Sequence& sequence, const ScoreTile& tile);
  /// The range of keys from *first to *last that any query of the tile may attend to, given window
  /// and lengths.
  void visible(const Sequence& sequence, const ScoreTile& tile, int64_t* first,
               int64_t* last) const;
  /// Computes the scores [rows, columns] of a tile; masked ones are -infinity.
  T* compute(const Sequence& sequence, const ScoreTile& tile);
  /// The gradient of the scores [rows, columns], which the caller fills in before backward().
  T* gradient() { return gradient_.data<T>(); }
  /// Propagates gradient(), for the scores that compute() returned last, to the operands.
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
  int64_t group_, width_, entries_;
  Strided<T> q_, k_, bias_, distance_, relative_, keys_, values_;
  Strided<bool> mask_;
  Tensor scores_, gradient_, before_;  // [rows * columns]; tensors for the user's function
  std::vector<T> query_, relative_query_, capped_, window_;
};

}  // namespace tapehead::core

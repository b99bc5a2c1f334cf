// The scores of one tile of attention, and the way back to what they are made of. See tiled_attention.h
// for the letters.
#pragma once

#include <vector>

#include "tapehead/core/detail/tiled_attention.h"
#include "tapehead/core/detail/gemm.h"

namespace tapehead::core {

inline constexpr int64_t kTileRows = 128;
inline constexpr int64_t kTileColumns = 256;

/// One sequence: which rows of q and of k are its own, and the position of its first query among
/// its keys.
struct Sequence {
  int64_t batch, first_query, queries, first_key, keys, start;
};

/// A tensor of up to four axes, read and written in parts: an axis of size 1 has step 0.
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

/// Where gradients are added up. A null one is not wanted.
template <class T>
struct ScoreGradients {
  Strided<T> bias, distance, keys;
  T* q = nullptr;         // [rows, D] of the tile, to be multiplied by the scale at the end
  T* relative = nullptr;  // the same of r; q's when r is q
  Strided<T> k;           // [B, H / G, S, D]
};

/// Scores in one thread: it holds the thread's buffers.
template <class T>
class TileScores {
 public:
  TileScores(const AttentionSpec& spec, const AttentionTensors& in, bool backward);

  /// The queries of the tiles to come: tile.row.., tile.rows.
  void set_queries(const Sequence& sequence, const ScoreTile& tile);
  /// The keys from *first to *last that any query of the tile's rows may see, by window and length.
  void visible(const Sequence& sequence, const ScoreTile& tile, int64_t* first,
               int64_t* last) const;
  /// The scores [rows, columns] of a tile, hidden ones -infinity.
  T* compute(const Sequence& sequence, const ScoreTile& tile);
  /// Where backward() finds the gradient of the scores, [rows, columns].
  T* gradient() { return gradient_.data<T>(); }
  /// From the gradient of the scores that compute() gave last, which it overwrites.
  void backward(const Sequence& sequence, const ScoreTile& tile, const ScoreGradients<T>& into);

  /// Adds b_{j-i} g_i for rows g [rows, E] to x [rows, columns].
  void add_value_products(const Sequence& sequence, const ScoreTile& tile, const T* g, T* x);
  /// Adds sum_j w_ij b_{j-i} to out [rows, E], or with `g` [rows, E], sum_i w_ij g_i to what the
  /// entries of `table` hold.
  void add_values(const Sequence& sequence, const ScoreTile& tile, const T* w, T* out);
  void add_values_gradient(const Sequence& sequence, const ScoreTile& tile, const T* w, const T* g,
                           const Strided<T>& table);

 private:
  // The entries of a table of distances that a tile has.
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
  Tensor scores_, gradient_, before_;  // [rows * columns]: tensors for the user's function
  std::vector<T> query_, relative_query_, capped_, window_;
};

}  // namespace tapehead::core

// The matrix products of attention in tiles. See tiled_attention.h for the dimension names.
#pragma once

#include <vector>

#include "tapehead/core/detail/gemm.h"
#include "tapehead/core/detail/tiled_attention.h"
#include "tapehead/core/kernels/prepared_products.h"

namespace tapehead::core {

inline constexpr int64_t kTileRows = 128;
inline constexpr int64_t kTileColumns = 256;
/// The distance in memory of the rows of a tile of scores.
inline constexpr int64_t kTileStep = kernels::kPanelRowStep;

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

/// Rows along the last axis of a tensor of four axes, whose elements are of type T or bf16.
template <class T>
class TensorRows {
 public:
  TensorRows() = default;
  explicit TensorRows(const Tensor& t);  ///< no rows if it is undefined
  explicit operator bool() const { return data_ != nullptr; }
  /// Copies rows k..k + rows, multiplied by `scale`.
  void read(T* to, int64_t i, int64_t j, int64_t k, int64_t rows, T scale) const;
  /// Copies to rows k..k + rows, the r-th multiplied by scales[r * scale_step]. The elements of a
  /// row must be contiguous.
  void write(const T* from, int64_t i, int64_t j, int64_t k, int64_t rows, const T* scales,
             int64_t scale_step) const;
  char* at(int64_t i, int64_t j, int64_t k) const;
  DType dtype() const { return dtype_; }
  int64_t width() const { return width_; }
  int64_t row() const { return step_[2]; }     ///< the distance of rows, in elements
  int64_t column() const { return step_[3]; }  ///< of the elements of a row

 private:
  char* data_ = nullptr;
  int64_t step_[4] = {}, width_ = 0;
  DType dtype_ = DType::f32;
};

/// Whether a window begins in the middle of a pair of keys. Keys are packed in pairs for products
/// in bf16, but the other key must not be read.
bool cuts_pairs(const AttentionSpec& spec, const AttentionTensors& in);

/// The products of one thread, which owns their operands. Tiles of scores, weights and their
/// gradients are rows of distance kTileStep, with kTileStep unused elements before the first.
///
/// With kernels for it, q, k, v and the gradient of the result are packed once for each head or
/// tile, in their own type, which may be bf16; the scores and all sums are f32.
template <class T>
class AttentionProducts {
 public:
  AttentionProducts(const AttentionSpec& spec, const AttentionTensors& in, bool backward);
  /// Whether there are kernels for these operands. If not, they must be f32 or f64, or satisfy
  /// reads_bf16(). Tiles of bf16 keys begin at even ones.
  static bool packs(const AttentionTensors& in);
  /// Whether operands in bf16 are read where they are, for a few queries such as those of the
  /// tokens generated last. Not for backward.
  static bool reads_bf16(const AttentionTensors& in);

  /// Sets the keys and values of a head of a sequence. For backward, clears their gradients.
  void set_head(const Sequence& sequence, int64_t key_head);
  /// Sets the queries of the rows of a tile.
  void set_queries(const Sequence& sequence, const ScoreTile& tile);
  /// Sets the gradient [rows, E] of the result for the same rows.
  void set_result_gradient(const T* g);
  /// Sets the keys of the tile. If `hides`, scores outside of the window may be left undefined.
  void set_keys(const Sequence& sequence, const ScoreTile& tile, bool hides);
  /// The number of columns of row r that are computed; the others are outside of the window.
  int64_t columns_of(int64_t r) const { return needed_[r]; }

  /// Whether accumulate() and score_gradients() can be called.
  bool prepares() const { return kernels_; }
  /// AttentionKernels::accumulate() for row x of a tile, the r-th. The products with the weights
  /// take them as this leaves them.
  T accumulate(T* x, int64_t r, T* largest, double* sum);
  /// x = exp(x - log_sum) for the rows of a tile of scores, and d = x (d - delta). The products
  /// with x and d take them as this leaves them.
  void score_gradients(T* x, T* d, const T* log_sums, const T* deltas);

  void scores(T* x);                     ///< x = scale q k'
  void add_values(T* w, T* sum);         ///< sum [rows, E] += w v
  void value_products(T* x);             ///< x = g v'
  void add_value_gradients(const T* w);  ///< dv += w' g
  void add_query_gradients(T* d, T* q);  ///< q [rows, D] += d k
  void add_key_gradients(const T* d);    ///< dk += scale d' q

  /// Writes the gradients of the keys and values of the head.
  void write_key_gradients(const TensorRows<T>& dk, const TensorRows<T>& dv);

 private:
  using Kernels = kernels::PreparedKernels;
  void pack(const TensorRows<T>& from, bool transposed, Tensor& to);
  void multiply_keys(const std::vector<T>& a, const Tensor& rows, const TensorRows<T>& keys,
                     const Tensor& panels, T* x);
  void multiply_rows(T* w, const TensorRows<T>& keys, const Tensor& panels, T* sum);
  void add_gradients(const T* x, const void* panels, const std::vector<T>& b, const Tensor& columns,
                     int64_t width, Tensor& to);
  void clear(Tensor& gradients, int64_t width);
  void write_gradients(const TensorRows<T>& to, const Tensor& gradients, T scale);
  Matrix matrix(const TensorRows<T>& x, int64_t key, bool transposed) const;

  const AttentionSpec& spec_;
  bool backward_;
  const Kernels* kernels_ = nullptr;  // null: products by gemm()
  TensorRows<T> q_, k_, v_;
  double query_scale_ = 1, score_scale_ = 1;  // of q before, and of the products after
  Sequence sequence_{};
  int64_t key_head_ = -1, rows_ = 0, column_ = 0, columns_ = 0;
  bool prepared_ = false;  // whether weights and gradients of the tile's scores are
  // Packed: k' and v' with keys as columns, k and v with keys as terms, q and g as rows and as
  // columns, and weights or gradients of scores as rows and as panels.
  Tensor k_columns_, v_columns_, k_terms_, v_terms_, q_rows_, g_rows_, q_columns_, g_columns_;
  Tensor score_rows_, score_panels_;
  Tensor dk_, dv_;             // [D, keys] and [E, keys] if packed, otherwise transposed
  std::vector<T> query_, g_;   // [rows, D], [rows, E]
  std::vector<T> transposed_;  // rows of gradients of keys
  int64_t needed_[kTileRows] = {};
  int64_t group_columns_[kTileRows] = {}, group_ends_[kTileRows] = {}, begins_[kTileColumns] = {};
};

}  // namespace tapehead::core

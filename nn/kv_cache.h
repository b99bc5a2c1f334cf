// A key-value cache for generation.
#pragma once

#include <utility>

#include "tapehead/core/tensor.h"

namespace tapehead::nn {

struct KvCacheOptions {
  int64_t capacity = 0;  ///< allocates this many positions, a fixed limit; 0: grows as needed
  int64_t window = 0;    ///< sliding window: keeps only the last positions; 0: keeps all
};

/// The keys and values of the previous positions of one attention layer. Gradients do not flow
/// through the cache.
///
///   nn::KvCache cache;
///   Tensor y = attend(x, cache, {.causal = true});  // x [B, T, C]: the new positions
class KvCache {
 public:
  explicit KvCache(const KvCacheOptions& options = {}) : options_(options) {}

  /// Appends k [B, H, T, D] and v [B, H, T, E]. Returns all keys and values kept, as views of the
  /// cache that are valid until the next call. With a window W, these are at least the last W + T -
  /// 1 positions, so that each new query can attend to W keys. Throws ShapeError if the shapes do
  /// not match the cached ones, ValueError if the cache is full.
  std::pair<Tensor, Tensor> append(const Tensor& k, const Tensor& v);

  /// For a layer without keys and values, such as a convolution or a recurrence: replaces its state
  /// by `state` [B, ...], detached, which has seen `positions` more. Throws ValueError when the
  /// cache is full.
  void set_state(const Tensor& state, int64_t positions);
  /// Undefined at first.
  const Tensor& state() const { return state_; }

  /// [B, H, kept(), ·]; undefined when empty.
  Tensor keys() const;
  Tensor values() const;
  /// The number of positions appended so far, and the number of positions kept.
  int64_t length() const { return length_; }
  int64_t kept() const { return last_ - first_; }
  /// Empties the cache.
  void clear();
  /// Selects rows of the batch, for beam search: the new row i is the previous row rows[i], i64
  /// [B']. Throws IndexError for a row out of range.
  void reorder(const Tensor& rows);

 private:
  void check_capacity(int64_t positions) const;
  void make_room(const Tensor& k, const Tensor& v);

  KvCacheOptions options_;
  Tensor keys_, values_;  // [B, H, capacity, ·], of which first_ to last_ are kept
  Tensor state_;
  int64_t first_ = 0, last_ = 0, length_ = 0;
};

}  // namespace tapehead::nn

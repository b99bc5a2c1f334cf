// The keys and values of positions that were seen before.
#pragma once

#include <utility>

#include "tapehead/core/tensor.h"

namespace tapehead::nn {

struct KvCacheOptions {
  int64_t capacity = 0;  ///< memory for so many positions at once, and no more; 0: it grows
  int64_t window = 0;    ///< only the last ones are kept, and capacity limits nothing; 0: all
};

/// What one attention remembers while a sequence is generated. Nothing in it is recorded.
///
///   nn::KvCache cache;
///   Tensor y = attend(x, cache, {.causal = true});  // x [B, T, C]: only what is new
class KvCache {
 public:
  explicit KvCache(const KvCacheOptions& options = {}) : options_(options) {}

  /// Takes in k [B, H, T, D] and v [B, H, T, E], and gives all that is kept, views of the cache
  /// that stay valid until the next call. With a window of W that is the last W + T - 1 positions
  /// at least, so that each new query finds W keys. Throws ShapeError when they do not fit what is
  /// there, ValueError when the cache is full.
  std::pair<Tensor, Tensor> append(const Tensor& k, const Tensor& v);

  /// What is kept; undefined when nothing is.
  Tensor keys() const;
  Tensor values() const;
  /// How many positions it has seen; how many of them are kept.
  int64_t length() const { return length_; }
  int64_t kept() const { return last_ - first_; }
  /// Forgets everything.
  void clear();
  /// Row i of the batch becomes what row rows[i] was, i64 [B']: for beam search. Throws IndexError
  /// for a row that is not there.
  void reorder(const Tensor& rows);

 private:
  void make_room(const Tensor& k, const Tensor& v);

  KvCacheOptions options_;
  Tensor keys_, values_;  // [B, H, capacity, ·], of which first_ to last_ are kept
  int64_t first_ = 0, last_ = 0, length_ = 0;
};

}  // namespace tapehead::nn

// A cache of keys and values, for generation.
#pragma once

#include <utility>

#include "tapehead/core/tensor.h"

namespace tapehead::nn {

struct KvCacheOptions {
  int64_t capacity = 0;  ///< positions to allocate at once, and the most it takes; 0: it grows
  int64_t window = 0;    ///< keeps only the last positions, without a limit; 0: all
};

/// The keys and values of the positions so far, of one attention layer. Gradients do not flow
/// through it.
///
///   nn::KvCache cache;
///   Tensor y = attend(x, cache, {.causal = true});  // x [B, T, C]: only what is new
class KvCache {
 public:
  explicit KvCache(const KvCacheOptions& options = {}) : options_(options) {}

  /// Appends k [B, H, T, D] and v [B, H, T, E]; returns all that is kept, as views of the cache
  /// that stay valid until the next call. With a window of W that is the last W + T - 1 positions
  /// at least, so that each new query finds W keys. Throws ShapeError when they do not fit what is
  /// there, ValueError when the cache is full.
  std::pair<Tensor, Tensor> append(const Tensor& k, const Tensor& v);

  /// [B, H, kept(), ·]; undefined when empty.
  Tensor keys() const;
  Tensor values() const;
  /// The number of positions appended; of those that are kept.
  int64_t length() const { return length_; }
  int64_t kept() const { return last_ - first_; }
  /// Empties the cache.
  void clear();
  /// Row i of the batch becomes the former row rows[i], i64 [B']: for beam search. Throws
  /// IndexError for rows out of range.
  void reorder(const Tensor& rows);

 private:
  void make_room(const Tensor& k, const Tensor& v);

  KvCacheOptions options_;
  Tensor keys_, values_;  // [B, H, capacity, ·], of which first_ to last_ are kept
  int64_t first_ = 0, last_ = 0, length_ = 0;
};

}  // namespace tapehead::nn

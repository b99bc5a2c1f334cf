// T5's relative position bias: a learned scalar per head and bucket of distances.
#pragma once

#include "tapehead/nn/params.h"

namespace tapehead::nn {

struct RelativeBucketsOptions {
  int64_t num_heads = 1;       ///< heads of the attention
  int64_t num_buckets = 32;    ///< of both directions
  int64_t max_distance = 128;  ///< this and larger distances share the last bucket
  bool bidirectional = true;   ///< half of the buckets are for keys after the query; else bucket 0
  Init init = init::normal();
};

/// The bucket of a key `distance` positions after the query, or before it if negative
/// (Raffel et al. 2020, 2.1). The first half of the buckets of a direction cover one distance each,
/// the others logarithmically growing ranges.
int64_t relative_bucket(int64_t distance, const RelativeBucketsOptions& options);

/// A distance_bias for attention, which several layers may share:
///
///   nn::RelativeBuckets relative(params / "relative", {.num_heads = 8});
///   Tensor y = attend(x, {.distance_bias = relative()});
/// Example: nn::RelativeBuckets(at, {.num_heads = 4})()  // shape [4, 257]
class RelativeBuckets {
 public:
  /// Throws ValueError unless each direction has at least 2 buckets and max_distance exceeds half
  /// of them.
  RelativeBuckets(const Scope& at, const RelativeBucketsOptions& options);
  /// The biases [num_heads, 2 max_distance + 1], for sequences of any length.
  Tensor operator()() const;

  Tensor weight;  ///< [num_buckets, num_heads]

 private:
  Tensor buckets_;  // i64, the buckets of the distances -max_distance..max_distance
};

}  // namespace tapehead::nn

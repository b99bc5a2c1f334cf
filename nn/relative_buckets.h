// T5's relative position bias: a learned number for each head and bucket of distances.
#pragma once

#include "tapehead/nn/params.h"

namespace tapehead::nn {

struct RelativeBucketsOptions {
  int64_t num_heads = 1;
  int64_t num_buckets = 32;
  int64_t max_distance = 128;  ///< distances from there on share the last bucket
  bool bidirectional = true;   ///< half of the buckets are for keys after the query; else 0
  Init init = init::normal();
};

/// The bucket of the key `distance` positions after the query (before it, where negative): Raffel
/// et al. 2020, 2.1. Half of the buckets of a direction hold one distance each, the others
/// logarithmically more.
int64_t relative_bucket(int64_t distance, const RelativeBucketsOptions& options);

/// The distance_bias of an attention, which several layers may share:
///
///   nn::RelativeBuckets relative(params / "relative", {.num_heads = 8});
///   Tensor y = attend(x, {.distance_bias = relative()});
class RelativeBuckets {
 public:
  /// Throws ValueError when there are too few buckets for their halves, or the distance is not
  /// beyond them.
  RelativeBuckets(const Scope& at, const RelativeBucketsOptions& options);
  /// [heads, 2 max_distance + 1], for sequences of any length.
  Tensor operator()() const;

  Tensor weight;  ///< [buckets, heads]

 private:
  Tensor buckets_;  // i64, of the distances from -max_distance on
};

}  // namespace tapehead::nn

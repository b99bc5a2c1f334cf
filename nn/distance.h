// Distances and similarities of vectors as layers without parameters.
#pragma once

#include "tapehead/autograd/ops/distance.h"
#include "tapehead/autograd/ops/reductions.h"

namespace tapehead::nn {

struct CosineSimilarityOptions {
  int64_t axis = 1;  ///< of the vectors
  double eps = 1e-8;
};

/// cosine_similarity(x1, x2) with fixed options.
/// Example: nn::CosineSimilarity({.axis = -1})(randn({8, 64}), randn({8, 64}))  // shape [8]
class CosineSimilarity {
 public:
  explicit CosineSimilarity(const CosineSimilarityOptions& options = {}) : options_(options) {}
  Tensor operator()(const Tensor& x1, const Tensor& x2) const {
    return cosine_similarity(x1, x2, options_.axis, options_.eps);
  }

 private:
  CosineSimilarityOptions options_;
};

struct PairwiseDistanceOptions {
  double p = 2;
  double eps = 1e-6;
  bool keepdim = false;  ///< keep the last axis with size 1
};

/// pairwise_distance(x1, x2) with fixed options.
/// Example: nn::PairwiseDistance({.p = 1})(randn({8, 64}), randn({8, 64}))  // shape [8]
class PairwiseDistance {
 public:
  explicit PairwiseDistance(const PairwiseDistanceOptions& options = {}) : options_(options) {}
  Tensor operator()(const Tensor& x1, const Tensor& x2) const {
    return pairwise_distance(x1, x2, options_.p, options_.eps, options_.keepdim);
  }

 private:
  PairwiseDistanceOptions options_;
};

}  // namespace tapehead::nn

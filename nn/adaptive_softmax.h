// Adaptive softmax over a large vocabulary.
//
// N rows, D features, C classes.
#pragma once

#include <utility>
#include <vector>

#include "tapehead/nn/any_layer.h"
#include "tapehead/nn/params.h"

namespace tapehead::nn {

struct AdaptiveLogSoftmaxWithLossOptions {
  double div_value = 4;    ///< cluster i projects to in_features / div_value^i features, i from 1
  bool head_bias = false;  ///< the head has a bias
};

/// Adaptive softmax (Grave et al. 2017). Classes are sorted by falling frequency. Those below
/// cutoffs[0] are scored by the head, which also scores each cluster of the others, cutoffs[i - 1]
/// up to cutoffs[i], the last up to n_classes; classes within a cluster are scored for the rows
/// whose targets are there only, from fewer features.
/// Example: nn::AdaptiveLogSoftmaxWithLoss(at, 64, 1000, {100, 500})(randn({8, 64}), randint(1000,
///     {8})).output  // shape [8]
class AdaptiveLogSoftmaxWithLoss {
 public:
  /// Throws ValueError unless cutoffs are increasing and within 1..n_classes-1, and each cluster
  /// has at least one feature.
  AdaptiveLogSoftmaxWithLoss(Scope at, int64_t in_features, int64_t n_classes,
                             const std::vector<int64_t>& cutoffs,
                             const AdaptiveLogSoftmaxWithLossOptions& options = {});
  AdaptiveLogSoftmaxWithLoss(int64_t in_features, int64_t n_classes,
                             const std::vector<int64_t>& cutoffs,
                             const AdaptiveLogSoftmaxWithLossOptions& options = {})
      : AdaptiveLogSoftmaxWithLoss(Scope(), in_features, n_classes, cutoffs, options) {}

  /// The results of a call.
  struct Output {
    Tensor output;  ///< log-probability of each target, [N] or 0-d
    Tensor loss;    ///< minus their mean, 0-d
  };
  /// For input [N, D] and target [N], or [D] and 0-d. Throws ShapeError, and IndexError, naming the
  /// first one, for a target outside 0..C-1.
  Output operator()(const Tensor& input, const Tensor& target) const;
  /// The log-probabilities of all classes: [N, D] to [N, C].
  Tensor log_prob(const Tensor& input) const;
  /// The most likely class of each row: [N, D] to i64 [N].
  Tensor predict(const Tensor& input) const;

  /// The layers of a cluster.
  struct Cluster {
    AnyLayer project, score;  ///< from D to fewer features, and to the classes
  };
  AnyLayer head;              ///< from D to the frequent classes and the clusters
  std::vector<Cluster> tail;  ///< the clusters
  const Scope& scope() const { return at_; }

 private:
  Scope at_;
  std::vector<int64_t> cutoffs_;  // with n_classes
};

}  // namespace tapehead::nn

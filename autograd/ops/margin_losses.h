// Losses of margins between scores or distances, and contrastive losses.
//
// Operands do not broadcast: ShapeError names both shapes. Labels y are 1 or -1, of any dtype;
// ValueError names the first other one. The result is 0-d, or has the shape given for
// Reduction::none.
//
// B batch size, C classes, D features.
#pragma once

#include <functional>

#include "tapehead/core/tensor.h"

namespace tapehead {

struct MarginRankingLossOptions {
  double margin = 0;
  Reduction reduction = Reduction::mean;
};
/// max(0, margin - target (input1 - input2)), elementwise: input1 should be larger if the label is
/// 1, smaller if it is -1. (ops/margin_losses.cpp)
/// Example: margin_ranking_loss(randn({8}), randn({8}), ones({8}), {.margin = 0.5})  // shape []
Tensor margin_ranking_loss(const Tensor& input1, const Tensor& input2, const Tensor& target,
                           const MarginRankingLossOptions& options = {});

struct HingeEmbeddingLossOptions {
  double margin = 1;
  Reduction reduction = Reduction::mean;
};
/// Elementwise, for distances: input if the label is 1, max(0, margin - input) if it is -1.
/// (ops/margin_losses.cpp) Hadsell et al. 2006.
/// Example: hinge_embedding_loss(tensor({0.5, 0.5}), tensor({1, -1}),
///     {.reduction = Reduction::none})  // [0.5, 0.5]
Tensor hinge_embedding_loss(const Tensor& input, const Tensor& target,
                            const HingeEmbeddingLossOptions& options = {});

/// log(1 + exp(-target input)), elementwise; without overflow. (ops/margin_losses.cpp)
/// Example: soft_margin_loss(tensor({0.0, 2.0}), tensor({1, -1}))  // 1.41
Tensor soft_margin_loss(const Tensor& input, const Tensor& target,
                        Reduction reduction = Reduction::mean);

struct MultiMarginLossOptions {
  int64_t p = 1;  ///< exponent of the violations, 1 or 2
  double margin = 1;
  Tensor weight;  ///< [C]: weight of each class; undefined for equal weights
  Reduction reduction = Reduction::mean;
};
/// The mean over the classes i other than the target of weight[target] max(0, margin -
/// input[target] + input[i])^p, with C as divisor, for scores [..., C] and class indices [...]. Has
/// the shape of the target for Reduction::none; the mean divides by its size. Throws IndexError if
/// a target is outside 0..C-1, and ValueError for another p. (ops/multi_margin_loss.cpp) Crammer
/// and Singer 2001.
/// Example: multi_margin_loss(randn({8, 10}), randint(10, {8}))  // shape []
Tensor multi_margin_loss(const Tensor& input, const Tensor& target,
                         const MultiMarginLossOptions& options = {});

/// The sum over targets j and other classes i of max(0, 1 - input[j] + input[i]) / C, for scores
/// [..., C] and targets [..., C], which are the class indices of each row followed by -1. Has shape
/// [...] for Reduction::none. Throws IndexError if a target is outside -1..C-1.
/// (ops/multi_margin_loss.cpp)
/// Example: multilabel_margin_loss(randn({2, 4}), tensor({{0, 3, -1, -1}, {2, -1, -1, -1}}))
///     // shape []
Tensor multilabel_margin_loss(const Tensor& input, const Tensor& target,
                              Reduction reduction = Reduction::mean);

struct MultiLabelSoftMarginLossOptions {
  Tensor weight;  ///< weight of each element, such as [C]; undefined for equal weights
  Reduction reduction = Reduction::mean;
};
/// The mean of binary_cross_entropy_with_logits() over the last axis, the classes, for logits and
/// targets [..., C]. Has shape [...] for Reduction::none. (ops/margin_losses.cpp)
/// Example: multilabel_soft_margin_loss(randn({8, 10}), bernoulli(full({8, 10}, 0.5)))  // shape []
Tensor multilabel_soft_margin_loss(const Tensor& input, const Tensor& target,
                                   const MultiLabelSoftMarginLossOptions& options = {});

struct TripletMarginLossOptions {
  double margin = 1;
  double p = 2;       ///< norm of the distance
  double eps = 1e-6;  ///< added to each difference
  bool swap = false;  ///< use the distance of positive and negative, if it is smaller
  Reduction reduction = Reduction::mean;
};
/// max(0, d(anchor, positive) - d(anchor, negative) + margin), where d(a, b) is the p-norm of
/// a - b + eps over the last axis. Operands are [..., D]; has shape [...] for Reduction::none.
/// Throws ValueError unless margin > 0. (ops/contrastive_losses.cpp) Schroff et al. 2015; swap:
/// Balntas et al. 2016.
/// Example: triplet_margin_loss(randn({8, 64}), randn({8, 64}), randn({8, 64}), {.swap = true})
///     // shape []
Tensor triplet_margin_loss(const Tensor& anchor, const Tensor& positive, const Tensor& negative,
                           const TripletMarginLossOptions& options = {});

struct TripletMarginWithDistanceLossOptions {
  /// Maps two tensors of one shape to their distances; null for triplet_margin_loss()'s defaults.
  std::function<Tensor(const Tensor&, const Tensor&)> distance_function = nullptr;
  double margin = 1;
  bool swap = false;  ///< use the distance of positive and negative, if it is smaller
  Reduction reduction = Reduction::mean;
};
/// triplet_margin_loss() with any distance. Has the shape of the distances for Reduction::none.
/// Throws ShapeError if the distances have different shapes. (ops/contrastive_losses.cpp)
/// Example: triplet_margin_with_distance_loss(randn({8, 64}), randn({8, 64}), randn({8, 64}),
///     {.margin = 0.2})  // shape []
Tensor triplet_margin_with_distance_loss(const Tensor& anchor, const Tensor& positive,
                                         const Tensor& negative,
                                         const TripletMarginWithDistanceLossOptions& options = {});

struct CosineEmbeddingLossOptions {
  double margin = 0;
  Reduction reduction = Reduction::mean;
};
/// With c = cosine_similarity(input1, input2, -1): 1 - c if the label is 1, max(0, c - margin) if
/// it is -1, for inputs [B, D] and labels [B], or [D] and 0-d. Has the shape of the labels for
/// Reduction::none. (ops/contrastive_losses.cpp)
/// Example: cosine_embedding_loss(randn({8, 64}), randn({8, 64}), ones({8}))  // shape []
Tensor cosine_embedding_loss(const Tensor& input1, const Tensor& input2, const Tensor& target,
                             const CosineEmbeddingLossOptions& options = {});

struct InfoNceOptions {
  double temperature = 0.1;  ///< divides the similarities
  bool symmetric = false;    ///< the mean with the loss of the transposed similarities, as in CLIP
  Reduction reduction = Reduction::mean;
};
/// The cross entropy of finding key i among all keys for query i, by the cosine similarity divided
/// by the temperature: the other keys of the batch are the negatives. Queries and keys are [B, D];
/// has shape [B] for Reduction::none. Throws ValueError unless temperature > 0.
/// (ops/contrastive_losses.cpp) van den Oord et al. 2018; symmetric: Radford et al. 2021.
/// Example: info_nce(randn({8, 64}), randn({8, 64}), {.temperature = 0.07, .symmetric = true})
///     // shape []
Tensor info_nce(const Tensor& query, const Tensor& key, const InfoNceOptions& options = {});

}  // namespace tapehead

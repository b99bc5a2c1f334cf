#include "tapehead/nn/losses.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"

using namespace tapehead;

TEST_CASE("losses as layers call their ops with their options") {
  const Tensor x = sin(arange(12, f64)).reshape({3, 4}), y = cos(arange(12, f64)).reshape({3, 4});
  const Tensor p = sigmoid(x), q = sigmoid(y), classes = tensor({2, 0, 3});
  const Tensor signs = tensor({{1, -1, 1, 1}, {-1, -1, 1, -1}, {1, 1, -1, 1}});
  const Tensor lengths = tensor({3}), symbols = tensor({{1, 2}});
  const Reduction sum = Reduction::sum;
  const std::pair<Tensor, Tensor> pairs[] = {
      {nn::BCELoss({.reduction = sum})(p, q), binary_cross_entropy(p, q, {.reduction = sum})},
      {nn::BCEWithLogitsLoss({.pos_weight = 2})(x, q),
       binary_cross_entropy_with_logits(x, q, {.pos_weight = 2})},
      {nn::CosineEmbeddingLoss({.margin = 0.1})(x, y, tensor({1, -1, 1})),
       cosine_embedding_loss(x, y, tensor({1, -1, 1}), {.margin = 0.1})},
      {nn::CrossEntropyLoss({.label_smoothing = 0.1})(x, classes),
       cross_entropy(x, classes, {.label_smoothing = 0.1})},
      {nn::CTCLoss({.blank = 3})(x.unsqueeze(1), symbols, lengths, tensor({2})),
       ctc_loss(x.unsqueeze(1), symbols, lengths, tensor({2}), {.blank = 3})},
      {nn::GaussianNLLLoss({.full = true})(x, y, p), gaussian_nll_loss(x, y, p, {.full = true})},
      {nn::HingeEmbeddingLoss({.margin = 2})(x, signs),
       hinge_embedding_loss(x, signs, {.margin = 2})},
      {nn::HuberLoss({.delta = 0.5})(x, y), huber_loss(x, y, {.delta = 0.5})},
      {nn::InfoNceLoss({.temperature = 1})(x, y), info_nce(x, y, {.temperature = 1})},
      {nn::KLDivLoss({.reduction = KLDivReduction::batchmean})(x, q),
       kl_div(x, q, {.reduction = KLDivReduction::batchmean})},
      {nn::L1Loss(sum)(x, y), l1_loss(x, y, sum)},
      {nn::LinearCrossEntropyLoss({.reduction = sum})(x, y, tensor({0, 1, 2})),
       linear_cross_entropy(x, y, tensor({0, 1, 2}), {.reduction = sum})},
      {nn::MarginRankingLoss({.margin = 1})(x, y, signs),
       margin_ranking_loss(x, y, signs, {.margin = 1})},
      {nn::MSELoss()(x, y), mse_loss(x, y)},
      {nn::MultiLabelMarginLoss(sum)(x, remainder(signs, 4)),
       multilabel_margin_loss(x, remainder(signs, 4), sum)},
      {nn::MultiLabelSoftMarginLoss({.weight = 3})(x, q),
       multilabel_soft_margin_loss(x, q, {.weight = 3})},
      {nn::MultiMarginLoss({.p = 2})(x, classes), multi_margin_loss(x, classes, {.p = 2})},
      {nn::NLLLoss({.ignore_index = 0})(x, classes), nll_loss(x, classes, {.ignore_index = 0})},
      {nn::PoissonNLLLoss({.full = true})(x, 3 * q), poisson_nll_loss(x, 3 * q, {.full = true})},
      {nn::SigmoidFocalLoss({.reduction = sum})(x, q),
       sigmoid_focal_loss(x, q, {.reduction = sum})},
      {nn::SmoothL1Loss({.beta = 0.5})(x, y), smooth_l1_loss(x, y, {.beta = 0.5})},
      {nn::SoftMarginLoss()(x, signs), soft_margin_loss(x, signs)},
      {nn::TripletMarginLoss({.margin = 2})(x, y, p), triplet_margin_loss(x, y, p, {.margin = 2})},
      {nn::TripletMarginWithDistanceLoss({.margin = 2})(x, y, p),
       triplet_margin_with_distance_loss(x, y, p, {.margin = 2})},
  };
  for (size_t i = 0; i < std::size(pairs); ++i) {
    CAPTURE(i);
    CHECK(pairs[i].first.to_vector<double>() == pairs[i].second.to_vector<double>());
  }
}

// Losses as layers, with PyTorch's names. They have no parameters; shapes and errors are those of
// the op of each, which autograd/ops documents.
//
//   const nn::HuberLoss loss({.delta = 0.5});
//   loss(input, target).backward();
#pragma once

#include <concepts>

#include "tapehead/autograd/ops/ctc_loss.h"
#include "tapehead/autograd/ops/linear_cross_entropy.h"
#include "tapehead/autograd/ops/losses.h"
#include "tapehead/autograd/ops/margin_losses.h"
#include "tapehead/autograd/ops/probability_losses.h"
#include "tapehead/autograd/ops/rnnt_loss.h"

namespace tapehead::nn {

/// An op that is called with its operands and these options. The options of losses that have only a
/// reduction are a Reduction: nn::MSELoss(Reduction::sum).
template <auto op, class Options>
class Loss {
 public:
  explicit Loss(const Options& o = {}) : options(o) {}
  template <std::convertible_to<Tensor>... Operands>
  requires std::invocable<decltype(op), Operands..., Options> Tensor
  operator()(const Operands&... operands) const {
    return op(operands..., options);
  }

  Options options;
};

// Called with (input, target) unless stated otherwise.
/// (input, target)
/// Example: nn::BCELoss()(rand({8}), ones({8}))  // shape []
using BCELoss = Loss<binary_cross_entropy, BCELossOptions>;
/// (logits, target)
/// Example: nn::BCEWithLogitsLoss({.pos_weight = full({5}, 2.0)})(randn({8, 5}), zeros({8, 5}))
///     // shape []
using BCEWithLogitsLoss = Loss<binary_cross_entropy_with_logits, BCEWithLogitsLossOptions>;
/// (input1, input2, target)
/// Example: nn::CosineEmbeddingLoss()(randn({8, 64}), randn({8, 64}), ones({8}))  // shape []
using CosineEmbeddingLoss = Loss<cosine_embedding_loss, CosineEmbeddingLossOptions>;
/// (logits, target)
/// Example: nn::CrossEntropyLoss({.label_smoothing = 0.1})(randn({8, 10}), randint(10, {8}))
///     // shape []
using CrossEntropyLoss = Loss<cross_entropy, CrossEntropyLossOptions>;
/// (log_probs, targets, input_lengths, target_lengths)
/// Example: nn::CTCLoss()(randn({50, 20}).log_softmax(-1), tensor({3, 1, 4}), tensor(50),
///     tensor(3))  // shape []
using CTCLoss = Loss<ctc_loss, CTCLossOptions>;
/// (input, target, var)
/// Example: nn::GaussianNLLLoss()(randn({8}), randn({8}), ones({8}))  // shape []
using GaussianNLLLoss = Loss<gaussian_nll_loss, GaussianNLLLossOptions>;
/// (input, target)
/// Example: nn::HingeEmbeddingLoss()(rand({8}), ones({8}))  // shape []
using HingeEmbeddingLoss = Loss<hinge_embedding_loss, HingeEmbeddingLossOptions>;
/// (input, target)
/// Example: nn::HuberLoss({.delta = 0.5})(randn({8}), randn({8}))  // shape []
using HuberLoss = Loss<huber_loss, HuberLossOptions>;
/// (query, key)
/// Example: nn::InfoNceLoss({.symmetric = true})(randn({8, 64}), randn({8, 64}))  // shape []
using InfoNceLoss = Loss<info_nce, InfoNceOptions>;
/// (log_probs, target)
/// Example: nn::KLDivLoss()(randn({8, 10}).log_softmax(-1), randn({8, 10}).softmax(-1))
///     // shape []
using KLDivLoss = Loss<kl_div, KLDivLossOptions>;
/// (input, target)
/// Example: nn::L1Loss()(randn({8}), randn({8}))  // shape []
using L1Loss = Loss<l1_loss, Reduction>;
/// (input, linear_weight, target)
/// Example: nn::LinearCrossEntropyLoss()(randn({8, 64}), randn({1000, 64}), randint(1000, {8}))
///     // shape []
using LinearCrossEntropyLoss = Loss<linear_cross_entropy, LinearCrossEntropyOptions>;
/// (input1, input2, target)
/// Example: nn::MarginRankingLoss({.margin = 0.5})(randn({8}), randn({8}), ones({8}))  // shape []
using MarginRankingLoss = Loss<margin_ranking_loss, MarginRankingLossOptions>;
/// (input, target)
/// Example: nn::MSELoss(Reduction::none)(randn({8}), randn({8}))  // shape [8]
using MSELoss = Loss<mse_loss, Reduction>;
/// (input, target)
/// Example: nn::MultiLabelMarginLoss()(randn({2, 3}), tensor({{0, 2, -1}, {1, -1, -1}}))
///     // shape []
using MultiLabelMarginLoss = Loss<multilabel_margin_loss, Reduction>;
/// (input, target)
/// Example: nn::MultiLabelSoftMarginLoss()(randn({8, 10}), zeros({8, 10}))  // shape []
using MultiLabelSoftMarginLoss = Loss<multilabel_soft_margin_loss, MultiLabelSoftMarginLossOptions>;
/// (input, target)
/// Example: nn::MultiMarginLoss({.p = 2})(randn({8, 10}), randint(10, {8}))  // shape []
using MultiMarginLoss = Loss<multi_margin_loss, MultiMarginLossOptions>;
/// (log_probs, target)
/// Example: nn::NLLLoss()(randn({8, 10}).log_softmax(-1), randint(10, {8}))  // shape []
using NLLLoss = Loss<nll_loss, NLLLossOptions>;
/// (input, target)
/// Example: nn::PoissonNLLLoss()(randn({8}), ones({8}))  // shape []
using PoissonNLLLoss = Loss<poisson_nll_loss, PoissonNLLLossOptions>;
/// (logits, targets, logit_lengths, target_lengths)
/// Example: nn::RNNTLoss()(randn({1, 50, 4, 20}), tensor({{3, 1, 4}}), tensor({50}), tensor({3}))
///     // shape []
using RNNTLoss = Loss<rnnt_loss, RNNTLossOptions>;
/// (logits, target)
/// Example: nn::SigmoidFocalLoss({.reduction = Reduction::sum})(randn({8}), ones({8}))  // shape []
using SigmoidFocalLoss = Loss<sigmoid_focal_loss, SigmoidFocalLossOptions>;
/// (input, target)
/// Example: nn::SmoothL1Loss({.beta = 0.5})(randn({8}), randn({8}))  // shape []
using SmoothL1Loss = Loss<smooth_l1_loss, SmoothL1LossOptions>;
/// (input, target)
/// Example: nn::SoftMarginLoss()(randn({8}), ones({8}))  // shape []
using SoftMarginLoss = Loss<soft_margin_loss, Reduction>;
/// (anchor, positive, negative)
/// Example: nn::TripletMarginLoss()(randn({8, 64}), randn({8, 64}), randn({8, 64}))  // shape []
using TripletMarginLoss = Loss<triplet_margin_loss, TripletMarginLossOptions>;
/// (anchor, positive, negative)
/// Example: nn::TripletMarginWithDistanceLoss()(randn({8, 64}), randn({8, 64}), randn({8, 64}))
///     // shape []
using TripletMarginWithDistanceLoss =
    Loss<triplet_margin_with_distance_loss, TripletMarginWithDistanceLossOptions>;

}  // namespace tapehead::nn

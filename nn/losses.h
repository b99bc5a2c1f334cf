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
using BCELoss = Loss<binary_cross_entropy, BCELossOptions>;
using BCEWithLogitsLoss = Loss<binary_cross_entropy_with_logits, BCEWithLogitsLossOptions>;
/// (input1, input2, target)
using CosineEmbeddingLoss = Loss<cosine_embedding_loss, CosineEmbeddingLossOptions>;
using CrossEntropyLoss = Loss<cross_entropy, CrossEntropyLossOptions>;
/// (log_probs, targets, input_lengths, target_lengths)
using CTCLoss = Loss<ctc_loss, CTCLossOptions>;
/// (input, target, var)
using GaussianNLLLoss = Loss<gaussian_nll_loss, GaussianNLLLossOptions>;
using HingeEmbeddingLoss = Loss<hinge_embedding_loss, HingeEmbeddingLossOptions>;
using HuberLoss = Loss<huber_loss, HuberLossOptions>;
/// (query, key)
using InfoNceLoss = Loss<info_nce, InfoNceOptions>;
using KLDivLoss = Loss<kl_div, KLDivLossOptions>;
using L1Loss = Loss<l1_loss, Reduction>;
/// (input, linear_weight, target)
using LinearCrossEntropyLoss = Loss<linear_cross_entropy, LinearCrossEntropyOptions>;
/// (input1, input2, target)
using MarginRankingLoss = Loss<margin_ranking_loss, MarginRankingLossOptions>;
using MSELoss = Loss<mse_loss, Reduction>;
using MultiLabelMarginLoss = Loss<multilabel_margin_loss, Reduction>;
using MultiLabelSoftMarginLoss = Loss<multilabel_soft_margin_loss, MultiLabelSoftMarginLossOptions>;
using MultiMarginLoss = Loss<multi_margin_loss, MultiMarginLossOptions>;
using NLLLoss = Loss<nll_loss, NLLLossOptions>;
using PoissonNLLLoss = Loss<poisson_nll_loss, PoissonNLLLossOptions>;
using SigmoidFocalLoss = Loss<sigmoid_focal_loss, SigmoidFocalLossOptions>;
using SmoothL1Loss = Loss<smooth_l1_loss, SmoothL1LossOptions>;
using SoftMarginLoss = Loss<soft_margin_loss, Reduction>;
/// (anchor, positive, negative)
using TripletMarginLoss = Loss<triplet_margin_loss, TripletMarginLossOptions>;
/// (anchor, positive, negative)
using TripletMarginWithDistanceLoss =
    Loss<triplet_margin_with_distance_loss, TripletMarginWithDistanceLossOptions>;

}  // namespace tapehead::nn

#include "tapehead/autograd/ops.h"
#include "tapehead/nn/adaptive_softmax.h"
#include "tapehead/tests/parity/parity.h"

namespace tapehead::parity {
namespace {

Tensor ctc(const Tensors& x, const CTCLossOptions& options) {
  return ctc_loss(log_softmax(x[0], -1), x[1], x[2], x[3], options);
}
Tensor squared_distance(const Tensor& a, const Tensor& b) { return sum(square(a - b), -1); }

}  // namespace

// clang-format off
// A case for each reduction r.
#define CASE(name, ...) {name, [](const Tensors& x) { return Tensors{__VA_ARGS__}; }}
#define REDUCED(name, how, ...) \
  {name "/" #how, [](const Tensors& x) { constexpr auto r = Reduction::how; return Tensors{__VA_ARGS__}; }}
#define CASES(name, ...) \
  REDUCED(name, mean, __VA_ARGS__), REDUCED(name, sum, __VA_ARGS__), REDUCED(name, none, __VA_ARGS__)

const Family kLosses("losses", {
  CASES("mse_loss", mse_loss(x[0], x[1], r)),
  CASES("l1_loss", l1_loss(x[0], x[1], r)),
  CASES("smooth_l1_loss", smooth_l1_loss(x[0], x[1], {0.7, r})),
  CASES("huber_loss", huber_loss(x[0], x[1], {0.8, r})),
  CASES("binary_cross_entropy", binary_cross_entropy(x[0], x[1], {.reduction = r})),
  CASES("binary_cross_entropy_with_logits", binary_cross_entropy_with_logits(x[0], x[1], {.reduction = r})),
  CASES("kl_div", kl_div(x[0], x[1], {.reduction = static_cast<KLDivReduction>(r)})),
  CASES("kl_div/log_target", kl_div(x[0], x[1], {true, static_cast<KLDivReduction>(r)})),
  CASES("poisson_nll_loss", poisson_nll_loss(x[0], x[1], {.reduction = r})),
  CASES("gaussian_nll_loss", gaussian_nll_loss(x[0], x[1], x[2], {.reduction = r})),
  CASES("soft_margin_loss", soft_margin_loss(x[0], x[1], r)),
  CASES("hinge_embedding_loss", hinge_embedding_loss(x[0], x[1], {0.7, r})),
  CASES("margin_ranking_loss", margin_ranking_loss(x[0], x[1], x[2], {0.3, r})),
  CASES("multi_margin_loss", multi_margin_loss(x[0], x[1], {2, 0.8, x[2], r})),
  CASES("multilabel_margin_loss", multilabel_margin_loss(x[0], x[1], r)),
  CASES("multilabel_soft_margin_loss", multilabel_soft_margin_loss(x[0], x[1], {x[2], r})),
  CASES("triplet_margin_loss", triplet_margin_loss(x[0], x[1], x[2], {.reduction = r})),
  CASES("cosine_embedding_loss", cosine_embedding_loss(x[0], x[1], x[2], {0.1, r})),
  CASES("nll_loss", nll_loss(x[0], x[1], {x[2], 2, r})),
  CASES("cross_entropy", cross_entropy(x[0], x[1], {x[2], 2, 0.1, r})),
  CASE("binary_cross_entropy/weight", binary_cross_entropy(x[0], x[1], {.weight = x[2]})),
  CASE("binary_cross_entropy/ends", binary_cross_entropy(x[0], x[1])),
  CASE("binary_cross_entropy_with_logits/weights", binary_cross_entropy_with_logits(x[0], x[1], {x[2], x[3]})),
  CASE("kl_div/batchmean", kl_div(x[0], x[1], {.reduction = KLDivReduction::batchmean})),
  CASE("poisson_nll_loss/full", poisson_nll_loss(x[0], x[1], {.full = true})),
  CASE("poisson_nll_loss/rate", poisson_nll_loss(x[0], x[1], {false, true, 1e-3})),
  CASE("gaussian_nll_loss/full", gaussian_nll_loss(x[0], x[1], x[2], {.full = true})),
  CASE("gaussian_nll_loss/small", gaussian_nll_loss(x[0], x[1], x[2], {.eps = 0.5})),
  CASE("multi_margin_loss/1", multi_margin_loss(x[0], x[1])),
  CASE("triplet_margin_loss/swap", triplet_margin_loss(x[0], x[1], x[2], {0.5, 3, 0.1, true})),
  CASE("triplet_margin_with_distance_loss",
       triplet_margin_with_distance_loss(x[0], x[1], x[2], {squared_distance, 0.5, true})),
  CASE("cross_entropy/probabilities", cross_entropy(x[0], x[1], {.weight = x[2], .label_smoothing = 0.1})),
  CASE("cross_entropy/class axis", cross_entropy(x[0], x[1], {.weight = x[2], .class_axis = 1})),
  CASE("linear_cross_entropy", linear_cross_entropy(x[0], x[1], x[2], {x[3], x[4], 2, 0.1})),
  CASES("ctc_loss", ctc(x, {.reduction = r})),
  CASE("ctc_loss/concatenated", ctc(x, {.blank = 3})),
  CASE("ctc_loss/one", ctc(x, {})),
  CASE("ctc_loss/zero_infinity", ctc(x, {.zero_infinity = true})),
  CASES("rnnt_loss", rnnt_loss(x[0], x[1], x[2], x[3], {.blank = 2, .reduction = r})),
  CASE("rnnt_loss/log_probs", rnnt_loss(x[0], x[1], x[2], x[3], {.blank = 2, .fused_log_softmax = false})),
}, {
  {"AdaptiveLogSoftmaxWithLoss", [](const nn::Scope& at) -> Layer {
    const nn::AdaptiveLogSoftmaxWithLoss loss(at, 8, 12, {3, 7}, {.div_value = 2, .head_bias = true});
    return [loss](const Tensors& x) {
      const auto [output, mean] = loss(x[0], x[1]);
      return Tensors{output, mean};
    };
  }},
});

}  // namespace tapehead::parity

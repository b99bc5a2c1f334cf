// Elementwise margin losses, and multilabel_soft_margin_loss.
#include "tapehead/autograd/ops/margin_losses.h"

#include <fmt/format.h>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/detail/loss.h"
#include "tapehead/autograd/detail/pointwise_loss.h"
#include "tapehead/autograd/ops/pointwise_loss_kernel.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

using detail::apply_pointwise;
using detail::check_same_shape;
using detail::Derivatives;
using detail::LossNumbers;
using kernels::PointwiseLoss;

struct SoftMargin {
  static constexpr const char* kName = "soft_margin_loss";
  static constexpr auto kKernel = PointwiseLoss::soft_margin;
  static Derivatives derivatives(const Tensor& x, const Tensor& y, const LossNumbers&) {
    return {-y * sigmoid(-x * y), Tensor()};
  }
};

struct Hinge {
  static constexpr const char* kName = "hinge_embedding_loss";
  static constexpr auto kKernel = PointwiseLoss::hinge;
  static Derivatives derivatives(const Tensor& x, const Tensor& y, const LossNumbers& k) {
    return {where(y > 0, 1, where(x <= k[0], -1, 0)).to(x.dtype()), Tensor()};
  }
};

// x is the difference of the inputs.
struct Ranking {
  static constexpr const char* kName = "margin_ranking_loss";
  static constexpr auto kKernel = PointwiseLoss::ranking;
  static Derivatives derivatives(const Tensor& x, const Tensor& y, const LossNumbers& k) {
    return {where(x * y <= k[0], -y, 0), Tensor()};
  }
};

// Labels adapt to the dtype of the input, in which the loss is returned.
template <class Loss>
Tensor of_labels(const Tensor& x, const Tensor& target, Reduction reduction, double margin = 0) {
  const DType dtype = is_floating(x.dtype()) ? x.dtype() : f32;
  return apply_pointwise<Loss>(x.to(dtype), detail::signs(Loss::kName, target, dtype).to(dtype),
                               reduction, {margin});
}

}  // namespace

Tensor soft_margin_loss(const Tensor& input, const Tensor& target, Reduction reduction) {
  check_same_shape(SoftMargin::kName, input, target);
  return of_labels<SoftMargin>(input, target, reduction);
}

Tensor hinge_embedding_loss(const Tensor& input, const Tensor& target,
                            const HingeEmbeddingLossOptions& options) {
  check_same_shape(Hinge::kName, input, target);
  return of_labels<Hinge>(input, target, options.reduction, options.margin);
}

Tensor margin_ranking_loss(const Tensor& input1, const Tensor& input2, const Tensor& target,
                           const MarginRankingLossOptions& options) {
  check_same_shape(Ranking::kName, "input1 has", input1, "input2", input2);
  check_same_shape(Ranking::kName, "the inputs have", input1, "the target", target);
  return of_labels<Ranking>(detail::in_f32(input1) - detail::in_f32(input2), target,
                            options.reduction, options.margin);
}

Tensor multilabel_soft_margin_loss(const Tensor& input, const Tensor& target,
                                   const MultiLabelSoftMarginLossOptions& options) {
  constexpr const char* kName = "multilabel_soft_margin_loss";
  check_same_shape(kName, input, target);
  if (input.dim() == 0 || input.size(-1) == 0)
    throw ShapeError(fmt::format("{}: {} has no classes; its last axis must be the classes", kName,
                                 core::describe(input)));
  detail::check_weight_broadcasts(kName, options.weight, input.shape());
  // The mean of the classes' means is the mean of all elements.
  if (options.reduction == Reduction::mean)
    return binary_cross_entropy_with_logits(input, target, {.weight = options.weight});
  const Tensor losses = binary_cross_entropy_with_logits(
      input, target, {.weight = options.weight, .reduction = Reduction::none});
  return detail::reduced(mean(losses, -1), options.reduction);
}

}  // namespace tapehead

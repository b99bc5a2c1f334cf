// nll_loss.
#include <optional>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/class_targets.h"
#include "tapehead/core/detail/elementwise.h"

namespace tapehead {
namespace {

using detail::ClassTargets;

struct NllLoss : CustomOp {
  static constexpr const char* kName = "nll_loss";
  std::optional<ClassTargets> targets;
  Shape shape;
  DType dtype = f32;
  Reduction reduction = Reduction::mean;

  Tensor forward(const Tensor& log_probs, const ClassTargets& t, Reduction how) {
    targets = t, shape = log_probs.shape(), dtype = log_probs.dtype(), reduction = how;
    const Tensor x = core::contiguous(log_probs);
    const char* const scores = x.raw();
    std::vector<double> losses(static_cast<size_t>(t.rows()));
    for (int64_t i = 0; i < t.rows(); ++i)
      if (!t.ignored(i))
        losses[static_cast<size_t>(i)] =
            -t.weight(t.of(i)) * detail::element_at(scores, i * t.classes() + t.of(i), dtype);
    return detail::reduce_losses(losses, t.shape(), dtype, how, t.total_weight());
  }
  Tensor backward(const Tensor& dy) const {
    const ClassTargets& t = *targets;
    const double scale = reduction == Reduction::mean ? 1 / t.total_weight() : 1;
    if (is_grad_enabled()) return recorded(dy, scale);
    const detail::LossGradients g(dy, reduction, t.total_weight());
    const Tensor dx = core::full(shape, 0, dtype);
    for (int64_t i = 0; i < t.rows(); ++i)
      if (!t.ignored(i))
        detail::set_element(dx.raw(), i * t.classes() + t.of(i), dtype,
                            -g.of(i) * t.weight(t.of(i)));
    return dx;
  }

 private:
  Tensor recorded(const Tensor& dy, double scale) const {
    const ClassTargets& t = *targets;
    const Tensor ignored = t.ignored_rows();
    const Tensor factor = core::full(ignored.shape(), 0, dtype);
    const Tensor place = core::full(ignored.shape(), 0, i64);
    for (int64_t i = 0; i < t.rows(); ++i) {
      if (t.ignored(i)) continue;
      place.data<int64_t>()[i] = t.of(i);
      detail::set_element(factor.raw(), i, dtype, -scale * t.weight(t.of(i)));
    }
    const Tensor rows = reduction == Reduction::none ? dy.unsqueeze(-1) : dy;
    return scatter_add(core::full(shape, 0, dtype), -1, place,
                       masked_fill(rows * factor, ignored, 0));
  }
  void forget() override { targets.reset(); }
};

}  // namespace

Tensor nll_loss(const Tensor& given, const Tensor& target, const NLLLossOptions& options) {
  const Tensor log_probs = detail::in_f32(given);
  if (detail::any_mapped(log_probs, target)) [[unlikely]] {
    const auto loss = [&](const Tensor& x, const Tensor& classes, Reduction reduction) {
      NLLLossOptions o = options;
      o.reduction = reduction;
      return nll_loss(x, classes, o);
    };
    return detail::mapped_class_loss(log_probs, target, options.weight, options.ignore_index,
                                     options.reduction, loss);
  }
  const ClassTargets targets(NllLoss::kName, log_probs, target, options.weight,
                             options.ignore_index);
  return apply<NllLoss>(log_probs, targets, options.reduction);
}

}  // namespace tapehead

// cross_entropy.
#include <fmt/format.h>

#include <optional>
#include <vector>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/class_targets.h"
#include "tapehead/autograd/detail/cross_entropy_rows.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

using detail::ClassTargets;
using detail::CrossEntropyRows;
using detail::LossGradients;
using detail::Smoothing;

// Reads the logits once. Saves the maximum and the sum of exponentials of each row instead of the
// log_softmax.
struct CrossEntropy : CustomOp {
  static constexpr const char* kName = "cross_entropy";
  std::optional<ClassTargets> targets;
  CrossEntropyLossOptions options;
  std::vector<CrossEntropyRows::Stats> stats;
  double total_weight = 0;

  Tensor forward(const Tensor& logits, const ClassTargets& t, const CrossEntropyLossOptions& o) {
    targets = t, options = o;
    const Tensor x = core::contiguous(save(logits));
    const CrossEntropyRows rows(t, o.label_smoothing, x.dtype());
    std::vector<double> losses(static_cast<size_t>(t.rows()));
    stats.resize(losses.size());
    detail::each_row(t.rows(), t.classes(), [&](int64_t i) {
      if (t.ignored(i)) return;
      const auto at = static_cast<size_t>(i);
      losses[at] = rows.loss(x.raw() + i * t.classes() * size_of(x.dtype()), i, stats[at]);
    });
    total_weight = t.total_weight();
    const DType type = is_autocast_enabled() ? f32 : x.dtype();
    return detail::reduce_losses(losses, t.shape(), type, o.reduction, total_weight);
  }

  Tensor backward(const Tensor& dy) const {
    if (is_grad_enabled()) return recorded(dy);
    const ClassTargets& t = *targets;
    const Tensor x = core::contiguous(saved(0)), dx = core::empty_like(x);
    const CrossEntropyRows rows(t, options.label_smoothing, x.dtype());
    const LossGradients g(dy, options.reduction, total_weight);
    const int64_t bytes = t.classes() * size_of(x.dtype());
    detail::each_row(t.rows(), t.classes(), [&](int64_t i) {
      rows.gradient(x.raw() + i * bytes, dx.raw() + i * bytes, i, g.of(i),
                    stats[static_cast<size_t>(i)]);
    });
    return dx;
  }

 private:
  // dy (S softmax(x) - q), with 1 / total_weight included in S and q. Ignored rows may contain
  // anything.
  Tensor recorded(const Tensor& dy) const {
    const ClassTargets& t = *targets;
    const Tensor ignored = t.ignored_rows(), x = masked_fill(saved(0), ignored, 0);
    const Smoothing q(t, options.label_smoothing);
    const double scale = options.reduction == Reduction::mean ? 1 / total_weight : 1;
    const Tensor wanted = core::full(x.shape(), 0, f64);
    for (int64_t i = 0; i < t.rows(); ++i) {
      if (t.ignored(i)) continue;
      double* row = wanted.data<double>() + i * t.classes();
      for (int64_t c = 0; c < t.classes(); ++c) row[c] = scale * q.rest * t.weight(c);
      row[t.of(i)] += scale * q.hit * t.weight(t.of(i));
    }
    const Tensor target = core::cast(wanted, x.dtype());
    const Tensor dx = detail::against_scores(dy, x.shape(), options.reduction) *
                      (softmax(x, -1) * sum(target, -1, true) - target);
    return masked_fill(dx, ignored, 0);
  }

  void forget() override { stats = {}, targets.reset(); }
};

// Built from differentiable ops, so that gradients flow to the target too.
Tensor of_probabilities(const Tensor& logits, const Tensor& target,
                        const CrossEntropyLossOptions& o) {
  if (o.ignore_index >= 0)
    throw ValueError(
        fmt::format("cross_entropy: ignore_index = {} does not apply to probabilities; give "
                    "ignored rows a target of zeros",
                    o.ignore_index));
  Tensor wanted = target;
  if (o.label_smoothing != 0)
    wanted = wanted * (1 - o.label_smoothing) +
             o.label_smoothing / static_cast<double>(logits.shape().back());
  if (o.weight.defined()) wanted = wanted * o.weight.to(logits.dtype());
  const Tensor losses = -sum(wanted * log_softmax(logits, -1), -1);
  if (o.reduction == Reduction::none) return losses;
  return o.reduction == Reduction::mean ? mean(losses) : sum(losses);
}

// Moves the classes to the last axis.
Tensor classes_last(const Tensor& x, int axis) {
  if (axis >= x.dim() - 1) return x;
  Shape order;
  for (int i = 0; i < x.dim(); ++i)
    if (i != axis) order.push_back(i);
  order.push_back(axis);
  return x.permute(order);
}

// Detects PyTorch's layout, logits [B, C, ...] with a target [B, ...], where the shapes reveal it.
void check_layout(const Tensor& logits, const Tensor& target) {
  if (logits.dim() < 3 || !is_integral(target.dtype())) return;
  Shape given = logits.shape(), rows = given;
  rows.erase(rows.rank() - 1);
  given.erase(1);
  if (target.shape() == given && given != rows)
    throw ShapeError(
        fmt::format("cross_entropy: the target has shape {}, that of the logits {} without axis 1; "
                    "the classes are the last axis, or pass class_axis = 1",
                    target.shape().str(), logits.shape().str()));
}

Tensor of_last_axis(const Tensor& logits, const Tensor& target, bool probabilities,
                    const CrossEntropyLossOptions& options) {
  if (probabilities) return of_probabilities(logits, target, options);
  if (detail::any_mapped(logits, target)) [[unlikely]] {
    const auto loss = [&](const Tensor& x, const Tensor& classes, Reduction reduction) {
      CrossEntropyLossOptions o = options;
      o.reduction = reduction;
      return of_last_axis(x, classes, false, o);
    };
    return detail::mapped_class_loss(logits, target, options.weight, options.ignore_index,
                                     options.reduction, loss);
  }
  const ClassTargets targets(CrossEntropy::kName, logits, target, options.weight,
                             options.ignore_index);
  const Tensor x = logits.to(kernels::kernel_type(logits.dtype()));
  const Tensor loss = apply<CrossEntropy>(x, targets, options);
  return is_autocast_enabled() ? loss : loss.to(logits.dtype());
}

}  // namespace

Tensor cross_entropy(const Tensor& logits, const Tensor& target,
                     const CrossEntropyLossOptions& options) {
  detail::check_smoothing("cross_entropy", options.label_smoothing);
  const bool probabilities =
      is_floating(target.dtype()) && target.shape() == logits.shape() && target.dim() > 0;
  if (options.class_axis == -1) {
    check_layout(logits, target);
    return of_last_axis(logits, target, probabilities, options);
  }
  const int axis = normalize_axis("cross_entropy", options.class_axis, logits.dim());
  return of_last_axis(classes_last(logits, axis),
                      probabilities ? classes_last(target, axis) : target, probabilities, options);
}

}  // namespace tapehead

#include <fmt/format.h>

#include <cstring>

#include "tapehead/autograd/detail/class_targets.h"
#include "tapehead/autograd/detail/expand_reduced.h"
#include "tapehead/autograd/detail/loss.h"
#include "tapehead/autograd/detail/mapping.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead::detail {
namespace {

Shape without_last(Shape shape) {
  shape.erase(shape.rank() - 1);
  return shape;
}

void check_shapes(const char* op, const Tensor& scores, const Tensor& target) {
  core::check_floating(op, scores);
  if (scores.dim() == 0 || scores.shape().back() == 0)
    throw ShapeError(fmt::format("{}: {} has no classes; its last axis must be the classes", op,
                                 core::describe(scores)));
  const Shape wanted = without_last(scores.shape());
  if (target.shape() != wanted)
    throw ShapeError(
        fmt::format("{}: the target has shape {}, the classes are the last axis of {}; it "
                    "must have shape {}",
                    op, target.shape().str(), scores.shape().str(), wanted.str()));
  if (!is_integral(target.dtype()))
    throw DTypeError(
        fmt::format("{}: the target is {}; classes must be integers; convert with to(i64)", op,
                    name(target.dtype())));
}

void check_weight(const char* op, const Tensor& weight, int64_t classes) {
  if (weight.shape() != Shape{classes} || !is_floating(weight.dtype()))
    throw ShapeError(
        fmt::format("{}: the weight is {}; it must have one floating value for each of the {} "
                    "classes",
                    op, core::describe(weight), classes));
  if (weight.requires_grad())
    throw GraphError(
        fmt::format("{}: the weight tracks gradients, but none flow to it; pass "
                    "weight.detach()",
                    op));
}

}  // namespace

ClassTargets::ClassTargets(const char* op, const Tensor& scores, const Tensor& target,
                           const Tensor& weight, std::optional<int64_t> ignore_index)
    : ignore_index_(ignore_index) {
  check_shapes(op, scores, target);
  classes_ = scores.shape().back();
  target_ = core::contiguous(core::cast(target, i64));
  of_ = target_.data<int64_t>(), rows_ = target_.numel();
  if (weight.defined()) {
    check_weight(op, weight, classes_);
    weight_ = core::contiguous(core::cast(weight, wide_type(scores.dtype())));
  }
  int64_t counted = 0;
  double total = 0;
  for (int64_t i = 0; i < rows(); ++i) {
    if (ignored(i)) continue;
    if (of(i) < 0 || of(i) >= classes_)
      throw IndexError(fmt::format("{}: {} = {} is outside 0..{}{}", op,
                                   element_name("target", shape(), i), of(i), classes_ - 1,
                                   ignore_index ? "; pass ignore_index for padding" : ""));
    ++counted;
    if (weight_.defined()) total += this->weight(of(i));
  }
  total_weight_ = weight_.defined() ? total : static_cast<double>(counted);
}

Tensor ClassTargets::ignored_rows() const {
  Shape rows = shape();
  rows.push_back(1);
  const Tensor out = core::empty(rows, boolean);
  for (int64_t i = 0; i < this->rows(); ++i) out.data<bool>()[i] = ignored(i);
  return out;
}

double ClassTargets::all_weights() const {
  double total = 0;
  for (int64_t c = 0; c < classes_; ++c) total += weight(c);
  return total;
}

Tensor reduce_losses(const std::vector<double>& losses, const Shape& shape, DType dtype,
                     Reduction reduction, double total_weight) {
  if (reduction != Reduction::none) {
    double total = 0;
    for (const double loss : losses) total += loss;
    return core::full({}, reduction == Reduction::mean ? total / total_weight : total, dtype);
  }
  const Tensor wide = core::empty(shape, f64);
  if (!losses.empty()) std::memcpy(wide.raw(), losses.data(), losses.size() * sizeof(double));
  return core::cast(wide, dtype);
}

LossGradients::LossGradients(const Tensor& dy, Reduction reduction, double total_weight)
    : one_(reduction != Reduction::none),
      scale_(reduction == Reduction::mean ? 1 / total_weight : 1) {
  if (one_) first_ = dy.item();
  else rows_ = dy.to_vector<double>();
}

Tensor against_scores(const Tensor& dy, const Shape& shape, Reduction reduction) {
  return reduction == Reduction::none ? expand_reduced(dy, shape, 1u << (shape.rank() - 1)) : dy;
}

Tensor mapped_class_loss(const Tensor& scores, const Tensor& target, const Tensor& weight,
                         int64_t ignore_index, Reduction reduction, const ClassLoss& loss) {
  const auto run = [&](std::vector<Tensor>& now, const Batch* batch) {
    if (batch && reduction == Reduction::mean &&
        (weight.defined() || any(now[1] == Tensor(ignore_index)).item<bool>()))
      return false;
    if (!batch) {
      now = {loss(now[0], now[1], reduction)};
      return true;
    }
    Tensor losses = loss(batch->expanded(now[0], 0), batch->expanded(now[1], 1), Reduction::none);
    if (losses.dim() > 1 && reduction != Reduction::none) {
      losses = losses.flatten(1);
      losses = reduction == Reduction::mean ? mean(losses, 1) : sum(losses, 1);
    }
    now = {losses};
    return true;
  };
  return call_mapped(Batching::adjusted, {scores, target}, run)[0];
}

}  // namespace tapehead::detail

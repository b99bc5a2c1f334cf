#include "tapehead/nn/adaptive_softmax.h"

#include <fmt/format.h>

#include <cmath>
#include <string>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/nn/linear.h"

namespace tapehead::nn {
namespace {

constexpr const char* kAdaptiveSoftmax = "adaptive_log_softmax";

// The targets by cluster: 0 is the head.
struct ClusterTargets {
  std::vector<int64_t> rows, classes;
};

}  // namespace

AdaptiveLogSoftmaxWithLoss::AdaptiveLogSoftmaxWithLoss(
    Scope at, int64_t in_features, int64_t n_classes, const std::vector<int64_t>& cutoffs,
    const AdaptiveLogSoftmaxWithLossOptions& options)
    : at_(std::move(at)), cutoffs_(cutoffs) {
  nn::at(at_, [&] {
    int64_t last = 0;
    for (const int64_t cutoff : cutoffs) {
      if (cutoff <= last || cutoff >= n_classes)
        throw ValueError(fmt::format("{}: cutoff {} after {}; cutoffs must increase within 1..{}",
                                     kAdaptiveSoftmax, cutoff, last, n_classes - 1));
      last = cutoff;
    }
    if (cutoffs.empty())
      throw ValueError(fmt::format("{}: there are no cutoffs", kAdaptiveSoftmax));
  });
  cutoffs_.push_back(n_classes);
  const auto clusters = static_cast<int64_t>(cutoffs.size());
  head = Linear(at_ / "head", in_features, cutoffs[0] + clusters, {.bias = options.head_bias});
  for (size_t i = 0; i < cutoffs.size(); ++i) {
    const double divisor = std::pow(options.div_value, static_cast<double>(i + 1));
    const auto features = static_cast<int64_t>(static_cast<double>(in_features) / divisor);
    nn::at(at_, [&] {
      if (features < 1)
        throw ValueError(fmt::format("{}: cluster {} has {} / {} features; lower div_value = {}",
                                     kAdaptiveSoftmax, i + 1, in_features, divisor,
                                     options.div_value));
    });
    const Scope cluster = at_ / "tail" / std::to_string(i);
    tail.push_back(
        {Linear(cluster / "0", in_features, features, {.bias = false}),
         Linear(cluster / "1", features, cutoffs_[i + 1] - cutoffs_[i], {.bias = false})});
  }
}

AdaptiveLogSoftmaxWithLoss::Output AdaptiveLogSoftmaxWithLoss::operator()(
    const Tensor& input, const Tensor& target) const {
  if (target.dim() == 0 && input.dim() == 1) {
    const Output row = (*this)(input.unsqueeze(0), target.unsqueeze(0));
    return {row.output.reshape({}), row.loss};
  }
  return nn::at(at_, [&]() -> Output {
    if (input.dim() != 2 || target.shape() != Shape{input.size(0)})
      throw ShapeError(
          fmt::format("{}: the input has shape {}, the target {}; they must be [N, D] "
                      "and [N], or [D] and []",
                      kAdaptiveSoftmax, input.shape().str(), target.shape().str()));
    if (!is_integral(target.dtype()))
      throw DTypeError(
          fmt::format("{}: the target is {}; classes must be integers; convert with to(i64)",
                      kAdaptiveSoftmax, name(target.dtype())));
    std::vector<ClusterTargets> parts(cutoffs_.size());
    auto in_head = target.to_vector<int64_t>();
    for (size_t row = 0; row < in_head.size(); ++row) {
      const int64_t cls = in_head[row];
      if (cls < 0 || cls >= cutoffs_.back())
        throw IndexError(fmt::format("{}: target[{}] = {} is outside 0..{}", kAdaptiveSoftmax, row,
                                     cls, cutoffs_.back() - 1));
      size_t part = 0;
      while (cls >= cutoffs_[part]) ++part;
      if (part == 0) continue;
      in_head[row] = cutoffs_[0] + static_cast<int64_t>(part) - 1;
      parts[part].rows.push_back(static_cast<int64_t>(row));
      parts[part].classes.push_back(cls - cutoffs_[part - 1]);
    }
    const NLLLossOptions each{.reduction = Reduction::none};
    Tensor output = -nll_loss(log_softmax(head(input), -1), tensor(in_head), each);
    for (size_t i = 0; i < tail.size(); ++i) {
      const ClusterTargets& part = parts[i + 1];
      if (part.rows.empty()) continue;
      const Tensor rows = tensor(part.rows);
      const Tensor scores = tail[i].score(tail[i].project(index_select(input, 0, rows)));
      const Tensor losses =
          cross_entropy(scores, tensor(part.classes), {.reduction = Reduction::none});
      output = index_add(output, 0, rows, -losses);
    }
    return {output, -mean(output)};
  });
}

Tensor AdaptiveLogSoftmaxWithLoss::log_prob(const Tensor& input) const {
  return nn::at(at_, [&] {
    if (input.dim() != 2)
      throw ShapeError(fmt::format("{}: the input has shape {}; it must be [N, D]",
                                   kAdaptiveSoftmax, input.shape().str()));
    const Tensor frequent = log_softmax(head(input), -1);
    std::vector<Tensor> parts = {frequent.slice(-1, 0, cutoffs_[0])};
    for (size_t i = 0; i < tail.size(); ++i) {
      const int64_t cluster = cutoffs_[0] + static_cast<int64_t>(i);
      parts.push_back(log_softmax(tail[i].score(tail[i].project(input)), -1) +
                      frequent.slice(-1, cluster, cluster + 1));
    }
    return cat(parts, -1);
  });
}

Tensor AdaptiveLogSoftmaxWithLoss::predict(const Tensor& input) const {
  return argmax(log_prob(input), -1);
}

}  // namespace tapehead::nn

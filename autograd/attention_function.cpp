#include <fmt/format.h>

#include <utility>

#include "tapehead/autograd/detail/attention_parts.h"
#include "tapehead/autograd/detail/graph_task.h"
#include "tapehead/autograd/detail/use_log.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead::detail {
namespace {

ScoresAt at_of(const core::ScoreTile& tile) {
  return {tile.batch, tile.head, arange(tile.row, tile.row + tile.rows).unsqueeze(1),
          arange(tile.column, tile.column + tile.columns).unsqueeze(0)};
}

}  // namespace

TileFunctions::TileFunctions(ScoreFunctionOf f, MaskFunctionOf visible)
    : f_(std::move(f)), visible_(std::move(visible)) {
  if (!f_) return;
  const UseLogging logging;
  const NoGradGuard off;
  scores_of(core::full({1, 1}, 0), at_of({0, 0, 0, 1, 0, 1}));
  for (const UseLog::Use& use : logging.tracked()) captured_.push_back(use.tensor);
}

Tensor TileFunctions::scores_of(const Tensor& scores, const ScoresAt& at) const {
  Tensor y = f_(scores, at);
  if (!y.defined() || y.shape() != scores.shape())
    throw ShapeError(
        fmt::format("scaled_dot_product_attention: the score function returned {} of scores {}; it "
                    "must keep their shape",
                    core::describe(y), scores.shape().str()));
  return y.to(scores.dtype());
}

Tensor TileFunctions::operator()(const Tensor& scores, const ScoresAt& at) const {
  Tensor y = f_ ? scores_of(scores, at) : scores;
  if (!visible_) return y;
  const Tensor seen = visible_(at);
  if (!seen.defined() || seen.dtype() != boolean || !broadcasts_to(seen.shape(), scores.shape()))
    throw ShapeError(
        fmt::format("scaled_dot_product_attention: the mask function returned {} for scores {}; "
                    "expected bool of a shape that broadcasts to theirs",
                    core::describe(seen), scores.shape().str()));
  return masked_fill(y, logical_not(seen), -std::numeric_limits<double>::infinity());
}

void TileFunctions::forward(const core::ScoreTile& tile, const Tensor& scores) {
  const NoGradGuard off;
  core::copy_into(scores, (*this)(scores.clone(), at_of(tile)));
}

// Masked scores have zero weight, and so no gradient: the mask need not be applied again.
void TileFunctions::backward(const core::ScoreTile& tile, const Tensor& before,
                             const Tensor& gradient) {
  if (!f_) return;
  Tensor dx;
  std::vector<Tensor> found(captured_.size());
  {
    const AutoGradMode on(true);
    const Tensor x = before.clone().set_requires_grad();
    const Tensor y = scores_of(x, at_of(tile));
    if (y.requires_grad()) {
      GraphTask pass(false);
      pass.stop_at_captures();
      pass.capture(x, &dx);
      for (size_t i = 0; i < captured_.size(); ++i) pass.capture(captured_[i], &found[i]);
      pass.start(y, gradient.clone(), "scaled_dot_product_attention");
      const NoGradGuard off;
      pass.run();
    }
  }
  if (dx.defined()) core::copy_into(gradient, dx);
  else gradient.zero_();
  gradients_.resize(captured_.size());
  for (size_t i = 0; i < found.size(); ++i)
    if (found[i].defined())
      gradients_[i] = gradients_[i].defined() ? gradients_[i] + found[i] : found[i];
}

std::vector<Tensor> TileFunctions::take_gradients() {
  gradients_.resize(captured_.size());
  return std::exchange(gradients_, {});
}

}  // namespace tapehead::detail

#include "tapehead/nn/rollout.h"

#include <fmt/format.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"

namespace tapehead::nn {

Tensor attention_rollout(const std::vector<Tensor>& weights) {
  if (weights.empty())
    throw ValueError(
        "attention_rollout: no attention weights were given; request them with weights_of");
  Tensor rollout;
  for (size_t i = 0; i < weights.size(); ++i) {
    const Tensor& w = weights[i];
    if (w.dim() != 4 || w.size(2) != w.size(3) || w.size(0) != weights[0].size(0) ||
        w.size(2) != weights[0].size(2))
      throw ShapeError(
          fmt::format("attention_rollout: the weights of layer {} are {}; expected [B, H, T, T], "
                      "of all queries",
                      i, w.shape().str()));
    const Tensor seen = 0.5 * mean(w, {1}) + 0.5 * eye(w.size(2)).to(w.dtype());
    // Rows may not sum to 1: in a padded batch, a query without keys has a row of zeros.
    const Tensor layer = seen / sum(seen, {-1}, true);
    rollout = rollout.defined() ? matmul(layer, rollout) : layer;
  }
  return rollout;
}

}  // namespace tapehead::nn

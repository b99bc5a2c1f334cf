#include "tapehead/nn/detail/look.h"

#include <cmath>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"

namespace tapehead::nn::detail {

Tensor look(const Tensor& scores, const Tensor& counts, int64_t slots) {
  if (!counts.defined()) return softmax(scores, 1);
  const int64_t M = scores.size(1);
  const Tensor masked = masked_fill(scores, padding_mask(counts, M), -INFINITY);
  if (slots == 0) return softmax(masked, 1);
  const Tensor empty = log((slots - counts).to(scores.dtype()));  // exp(empty) of them, as one
  return softmax(cat({masked, empty.unsqueeze(1)}, 1), 1).slice(1, 0, M);
}

}  // namespace tapehead::nn::detail

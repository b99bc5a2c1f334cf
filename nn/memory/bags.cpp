#include "tapehead/nn/detail/bags.h"

#include <fmt/format.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/error.h"

namespace tapehead::nn::detail {

Tensor bags(const char* model, const Tensor& weight, const Tensor& ids, const Tensor& factors) {
  if (!factors.defined()) return embedding_bag(weight, ids, {}, {.padding_idx = 0});
  const int64_t J = ids.size(-1), words = factors.size(0);
  if (J > words)
    throw ShapeError(
        fmt::format("{}: a text has {} words, the network takes {}; make it with words = {}", model,
                    J, words, J));
  return embedding_bag(weight, ids, factors.slice(0, 0, J).to(weight.dtype()), {.padding_idx = 0});
}

}  // namespace tapehead::nn::detail

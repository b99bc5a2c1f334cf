#include "tapehead/nn/detail/bags.h"

#include <fmt/format.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/error.h"
#include "tapehead/nn/linear.h"

namespace tapehead::nn::detail {

Tensor bag(const AnyLayer& embedding, const Tensor& ids, const Tensor& factors) {
  if (const auto* own = embedding.target<Embedding>()) {
    const Tensor& weight = own->weight;
    return embedding_bag(weight, ids, factors.defined() ? factors.to(weight.dtype()) : factors,
                         {.padding_idx = 0});
  }
  const Tensor words = embedding(ids);  // [..., J, C]
  const Tensor counts = (ids != 0).to(words.dtype()).unsqueeze(-1);
  return sum(words * (factors.defined() ? counts * factors.to(words.dtype()) : counts), {-2});
}

Tensor bags(const char* model, const AnyLayer& embedding, const Tensor& ids,
            const Tensor& factors) {
  if (!factors.defined()) return bag(embedding, ids, factors);
  const int64_t J = ids.size(-1), words = factors.size(0);
  if (J > words)
    throw ShapeError(
        fmt::format("{}: a text has {} words, the network takes {}; make it with words = {}", model,
                    J, words, J));
  return bag(embedding, ids, factors.slice(0, 0, J));
}

const Tensor& tied_weight(const char* model, const char* part, const AnyLayer& embedding) {
  if (const auto* own = embedding.target<Embedding>()) return own->weight;
  throw ValueError(
      fmt::format("{}: the answer layer is the weight of `{}`, which is not an nn::Embedding any "
                  "more; replace `answer`, too",
                  model, part));
}

}  // namespace tapehead::nn::detail

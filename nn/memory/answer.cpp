#include "tapehead/nn/memory/answer.h"

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"

namespace tapehead::nn {

Tensor answer_loss(const StoryOutput& answered, const data::StoryBatch& batch) {
  const Tensor loss = cross_entropy(answered.logits, batch.answer);
  return answered.auxiliary_loss.defined() ? loss + answered.auxiliary_loss : loss;
}

Tensor position_encoding(int64_t words, int64_t embed_dim) {
  std::vector<float> l;
  const auto J = static_cast<double>(words), C = static_cast<double>(embed_dim);
  for (int64_t j = 1; j <= words; ++j)
    for (int64_t k = 1; k <= embed_dim; ++k) {
      const double at = static_cast<double>(j) / J;
      l.push_back(static_cast<float>(2 * ((1 - at) - static_cast<double>(k) / C * (1 - 2 * at))));
    }
  return from_vector(l).reshape({words, embed_dim});
}

}  // namespace tapehead::nn

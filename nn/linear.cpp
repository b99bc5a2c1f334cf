#include "tapehead/nn/linear.h"

#include <fmt/format.h>

#include <cmath>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/views.h"

namespace tapehead::nn {

Linear::Linear(Scope at, int64_t in, int64_t out, const LinearOptions& options)
    : at_(std::move(at)) {
  weight = at_.param("weight", {out, in}, options.init);
  if (!options.bias) return;
  const double bound = in > 0 ? 1 / std::sqrt(static_cast<double>(in)) : 0;
  bias = at_.param("bias", {out},
                   options.bias_init ? options.bias_init : init::uniform(-bound, bound));
}

Tensor Linear::operator()(const Tensor& x) const {
  return call_at(at_, [&] { return linear(x, weight, bias); });
}

Embedding::Embedding(Scope at, int64_t count, int64_t embed_dim, const EmbeddingOptions& options)
    : at_(std::move(at)), padding_idx_(options.padding_idx) {
  if (padding_idx_ && (*padding_idx_ < -count || *padding_idx_ >= count))
    throw IndexError(fmt::format("embedding: padding_idx = {} is outside {}..{} (in {})",
                                 *padding_idx_, -count, count - 1, at_.path()));
  const auto initialize = [init = options.init, row = padding_idx_](const Tensor& w, Generator& g) {
    init(w, g);
    if (row) core::copy_into(core::select(w, 0, *row < 0 ? *row + w.size(0) : *row), Tensor(0));
  };
  weight = at_.param("weight", {count, embed_dim}, initialize);
}

Tensor Embedding::operator()(const Tensor& ids) const {
  return call_at(at_, [&] { return embedding(weight, ids, {.padding_idx = padding_idx_}); });
}

}  // namespace tapehead::nn

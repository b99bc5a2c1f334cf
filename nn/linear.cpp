#include "tapehead/nn/linear.h"

#include <cmath>
#include <utility>

#include "tapehead/autograd/ops.h"
#include "tapehead/nn/detail/embedding.h"

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
    : at_(std::move(at)), options_(options) {
  weight = at_.param("weight", {count, embed_dim},
                     detail::embedding_init(at_, count, options.padding_idx, options.init));
}

Embedding Embedding::from_pretrained(Scope at, const Tensor& rows, bool freeze,
                                     EmbeddingOptions options) {
  return detail::from_pretrained<Embedding>(std::move(at), rows, freeze, std::move(options));
}

Tensor Embedding::operator()(const Tensor& ids) const {
  return call_at(at_, [&] {
    if (options_.max_norm) detail::renorm_rows(weight, ids, *options_.max_norm, options_.norm_type);
    return embedding(
        weight, ids,
        {.padding_idx = options_.padding_idx, .scale_grad_by_freq = options_.scale_grad_by_freq});
  });
}

}  // namespace tapehead::nn

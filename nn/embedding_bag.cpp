#include "tapehead/nn/embedding_bag.h"

#include <fmt/format.h>

#include <utility>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/nn/detail/embedding.h"

namespace tapehead::nn {

Init detail::embedding_init(const Scope& at, int64_t count, std::optional<int64_t> padding_idx,
                            Init init) {
  if (!padding_idx) return init;
  const int64_t row = *padding_idx < 0 ? *padding_idx + count : *padding_idx;
  if (row < 0 || row >= count)
    throw IndexError(fmt::format("embedding: padding_idx = {} is outside {}..{} (in {})",
                                 *padding_idx, -count, count - 1, at.path()));
  return [init = std::move(init), row](const Tensor& w, Generator& g) {
    init(w, g);
    core::copy_into(core::select(w, 0, row), Tensor(0));
  };
}

void detail::check_rows(const Scope& at, const Tensor& rows) {
  if (rows.dim() != 2)
    throw ShapeError(fmt::format("embedding: the pretrained rows are {}; expected [N, C] (in {})",
                                 rows.shape(), at.path()));
}

void detail::renorm_rows(const Tensor& weight, const Tensor& ids, double max_norm,
                         double norm_type) {
  if (!(max_norm >= 0))
    throw ValueError(fmt::format("embedding: max_norm = {}; it must be 0 or more", max_norm));
  const NoGradGuard no_grad;
  const Tensor rows = embedding(weight, ids.reshape({-1}));
  const Tensor norms = norm(rows, norm_type, {-1}, true);
  if (norms.numel() == 0 || !(norms.max().item() > max_norm)) return;
  const Tensor scales = where(norms > max_norm, max_norm / (norms + 1e-7), 1);
  index_copy_(weight, 0, ids.reshape({-1}), rows * scales);
}

EmbeddingBag::EmbeddingBag(Scope at, int64_t count, int64_t embed_dim,
                           const EmbeddingBagOptions& options)
    : at_(std::move(at)), options_(options) {
  weight = at_.param("weight", {count, embed_dim},
                     detail::embedding_init(at_, count, options.padding_idx, options.init));
}

EmbeddingBag EmbeddingBag::from_pretrained(Scope at, const Tensor& rows, bool freeze,
                                           EmbeddingBagOptions options) {
  return detail::from_pretrained<EmbeddingBag>(std::move(at), rows, freeze, std::move(options));
}

Tensor EmbeddingBag::operator()(const Tensor& ids, const Tensor& offsets,
                                const Tensor& per_sample_weights) const {
  return call_at(at_, [&] {
    if (options_.max_norm) detail::renorm_rows(weight, ids, *options_.max_norm, options_.norm_type);
    return embedding_bag(weight, ids,
                         {.offsets = offsets,
                          .mode = options_.mode,
                          .per_sample_weights = per_sample_weights,
                          .include_last_offset = options_.include_last_offset,
                          .padding_idx = options_.padding_idx,
                          .scale_grad_by_freq = options_.scale_grad_by_freq});
  });
}

}  // namespace tapehead::nn

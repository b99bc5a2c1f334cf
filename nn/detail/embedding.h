// What nn::Embedding and nn::EmbeddingBag share.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "tapehead/nn/params.h"

namespace tapehead::nn::detail {

/// `init` with a row of zeros at padding_idx. Throws IndexError if it is outside -count..count-1.
Init embedding_init(const Scope& at, int64_t count, std::optional<int64_t> padding_idx, Init init);

/// Throws ShapeError unless the rows of from_pretrained() are a matrix.
void check_rows(const Scope& at, const Tensor& rows);

/// from_pretrained() of a layer of rows.
template <class Layer, class Options>
Layer from_pretrained(Scope at, const Tensor& rows, bool freeze, Options options) {
  check_rows(at, rows);
  options.init = init::copy_of(rows);
  Layer layer(std::move(at), rows.size(0), rows.size(1), options);
  if (freeze) layer.weight.set_requires_grad(false);
  return layer;
}

/// Scales those of the rows `ids` of the weight whose norm exceeds max_norm down to it, in place.
/// Throws IndexError for an id that is not a row, ValueError unless max_norm >= 0.
void renorm_rows(const Tensor& weight, const Tensor& ids, double max_norm, double norm_type);

}  // namespace tapehead::nn::detail

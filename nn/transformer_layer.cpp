#include "tapehead/nn/transformer_layer.h"

#include <fmt/format.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/nn/transformer.h"

namespace tapehead::nn {
namespace {

// Positions are counted by the first cache of a model, and reordered in all.
void check_advanced(const char* layer, int64_t before, int64_t after, const Tensor& x) {
  if (after == before + x.size(1)) return;
  throw ValueError(fmt::format(
      "{}: its cache has {} positions after a call with {} more than {}; operator() with a cache "
      "calls append() or set_state() once",
      layer, after, x.size(1), before));
}

template <class Own, class Holder>
auto* own_of(Holder& holder, const char* layer, const char* type) {
  auto* own = holder.template target<Own>();
  if (!own)
    throw ValueError(fmt::format(
        "{}: the layer is not an nn::{}; target<T>() gives a layer of type T", layer, type));
  return own;
}

}  // namespace

Tensor AnyEncoderLayer::operator()(const Tensor& x, const AttentionOptions& options) const {
  return attend(x, options).out;
}

Tensor AnyEncoderLayer::operator()(const Tensor& x, KvCache& cache,
                                   const AttentionOptions& options) const {
  if (!cached_)
    throw ValueError(
        "encoder_layer: the layer has no operator() with a KvCache; add it, or generate with "
        "nn::without_caches()");
  const int64_t before = cache.length();
  Tensor out = cached_(layer_, x, cache, options);
  check_advanced("encoder_layer", before, cache.length(), x);
  return out;
}

EncoderLayer* AnyEncoderLayer::operator->() {
  return own_of<EncoderLayer>(*this, "encoder_layer", "EncoderLayer");
}
const EncoderLayer* AnyEncoderLayer::operator->() const {
  return own_of<EncoderLayer>(*this, "encoder_layer", "EncoderLayer");
}

AttentionOutput AnyDecoderLayer::operator()(const Tensor& x, DecoderCache& cache,
                                            const AttentionOptions& self_options,
                                            const AttentionOptions& memory_options) const {
  if (!cached_)
    throw ValueError(
        "decoder_layer: the layer has no operator() with a DecoderCache, which generation needs; "
        "add it");
  const int64_t before = cache.past.length();
  AttentionOutput out = cached_(layer_, x, cache, self_options, memory_options);
  check_advanced("decoder_layer", before, cache.past.length(), x);
  return out;
}

DecoderLayer* AnyDecoderLayer::operator->() {
  return own_of<DecoderLayer>(*this, "decoder_layer", "DecoderLayer");
}
const DecoderLayer* AnyDecoderLayer::operator->() const {
  return own_of<DecoderLayer>(*this, "decoder_layer", "DecoderLayer");
}

void DecoderCache::reorder(const Tensor& rows, bool same_sequences) {
  past.reorder(rows);
  if (same_sequences) return;
  for (Tensor* t : {&memory.k, &memory.v})
    if (t->defined()) *t = index_select(*t, 0, rows);
}

}  // namespace tapehead::nn

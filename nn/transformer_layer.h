// Layers of Transformers, of the library's types or user-defined.
//
// B batch, T positions, S positions of the memory, C embedding, M channels of the memory.
#pragma once

#include <any>
#include <concepts>
#include <functional>
#include <utility>

#include "tapehead/nn/multi_head.h"

namespace tapehead::nn {

class AnyDecoderLayer;
class AnyEncoderLayer;
class DecoderLayer;
class EncoderLayer;
struct TransformerOptions;

/// Output of a layer of an encoder, its attention weights and the load of its experts.
struct EncoderLayerOutput {
  Tensor out;                ///< [B, T, C]
  Tensor attention_weights;  ///< [B, heads, queries, T], if requested and the layer has them
  Tensor balance_loss;       ///< MoeOutput::balance_loss; undefined without experts
  int64_t dropped = 0;       ///< MoeOutput::dropped
};

/// State of a decoder layer during generation.
struct DecoderCache {
  KvCache past;            ///< of the positions so far
  ProjectedMemory memory;  ///< of the memory; undefined if the layer has no project()

  /// For Decoder::reorder: selects the rows of `past` and, unless rows stay with their sequences,
  /// of `memory`.
  void reorder(const Tensor& rows, bool same_sequences);
};

/// A type that an AnyEncoderLayer can hold.
template <class L>
concept EncoderLayerType =
    !std::same_as<L, AnyEncoderLayer> &&
    requires(const L& layer, const Tensor& x, const AttentionOptions& options) {
  { layer(x, options) } -> std::convertible_to<Tensor>;
};

/// A layer of an encoder or of a decoder-only model: an EncoderLayer, or a copyable type L of the
/// user's with
///
///   Tensor operator()(const Tensor& x, const AttentionOptions& options) const;
///
/// for x [B, T, C] to [B, T, C]. In a causal model options.causal is set, and position t must not
/// depend on later ones; positions past options.lengths are padding. L may have besides
///
///   Tensor operator()(const Tensor& x, KvCache& cache, const AttentionOptions& options) const;
///   EncoderLayerOutput attend(const Tensor& x, const AttentionOptions& options) const;
///
/// The first computes the next T positions of a sequence, for generation with a cache: it calls
/// KvCache::append() or KvCache::set_state() once. The second returns attention weights and losses
/// with the output. Made for a model by TransformerOptions::make_layer.
/// Example: nn::AnyEncoderLayer(nn::EncoderLayer(at, {.embed_dim = 64, .num_heads = 4}))(randn({8,
///     20, 64}))  // shape [8, 20, 64]
class AnyEncoderLayer {
 public:
  template <EncoderLayerType L>
  AnyEncoderLayer(L layer) : layer_(std::move(layer)), attend_(attend_of<L>) {
    if constexpr (requires(const L& l, const Tensor& x, KvCache& cache, const AttentionOptions& o) {
                    { l(x, cache, o) } -> std::convertible_to<Tensor>;
                  })
      cached_ = [](const std::any& l, const Tensor& x, KvCache& cache,
                   const AttentionOptions& o) -> Tensor { return get<L>(l)(x, cache, o); };
  }

  Tensor operator()(const Tensor& x, const AttentionOptions& options = {}) const;
  /// The next positions of a sequence. Throws ValueError if the layer has no such operator().
  Tensor operator()(const Tensor& x, KvCache& cache, const AttentionOptions& options = {}) const;
  /// The output with, of an EncoderLayer, the weights that options.weights_of requests.
  EncoderLayerOutput attend(const Tensor& x, const AttentionOptions& options) const {
    return attend_(layer_, x, options);
  }
  /// Whether the layer has an operator() with a cache.
  bool has_cache() const { return cached_ != nullptr; }

  /// The layer, if it is an L; else null.
  template <class L>
  L* target() {
    return std::any_cast<L>(&layer_);
  }
  template <class L>
  const L* target() const {
    return std::any_cast<L>(&layer_);
  }
  /// The parts of an EncoderLayer: `gpt.layers[0]->attention`. Throws ValueError for another type.
  EncoderLayer* operator->();
  const EncoderLayer* operator->() const;

 private:
  template <class L>
  static const L& get(const std::any& layer) {
    return *std::any_cast<L>(&layer);
  }
  template <class L>
  static EncoderLayerOutput attend_of(const std::any& layer, const Tensor& x,
                                      const AttentionOptions& o) {
    if constexpr (requires(const L& l) {
                    { l.attend(x, o) } -> std::same_as<EncoderLayerOutput>;
                  })
      return get<L>(layer).attend(x, o);
    else return {.out = get<L>(layer)(x, o), .attention_weights = {}, .balance_loss = {}};
  }

  std::any layer_;
  EncoderLayerOutput (*attend_)(const std::any&, const Tensor&, const AttentionOptions&);
  Tensor (*cached_)(const std::any&, const Tensor&, KvCache&, const AttentionOptions&) = nullptr;
};

/// A type that an AnyDecoderLayer can hold.
template <class L>
concept DecoderLayerType =
    !std::same_as<L, AnyDecoderLayer> &&
    requires(const L& layer, const Tensor& x, const AttentionOptions& options) {
  { layer(x, x, options, options) } -> std::convertible_to<AttentionOutput>;
};

/// A layer of a decoder: a DecoderLayer, or a copyable type L of the user's with
///
///   AttentionOutput operator()(const Tensor& x, const Tensor& memory,
///                              const AttentionOptions& self_options,
///                              const AttentionOptions& memory_options) const;
///
/// for x [B, T, C], causal, and a memory [B, S, M], to [B, T, C] and the weights of the attention
/// to the memory, which may be undefined. For generation L has besides
///
///   AttentionOutput operator()(const Tensor& x, DecoderCache& cache,
///                              const AttentionOptions& self_options,
///                              const AttentionOptions& memory_options) const;
///   ProjectedMemory project(const Tensor& memory) const;
///
/// The first computes the next T positions, as in AnyEncoderLayer; the second, which may be left
/// out, computes DecoderCache::memory. Made for a model by TransformerOptions::make_decoder_layer.
/// Example: nn::AnyDecoderLayer(nn::DecoderLayer(at, {.embed_dim = 64}))(randn({8, 5, 64}),
///     randn({8, 20, 64}), {}, {}).out  // shape [8, 5, 64]
class AnyDecoderLayer {
 public:
  template <DecoderLayerType L>
  AnyDecoderLayer(L layer) : layer_(std::move(layer)) {
    call_ = [](const std::any& l, const Tensor& x, const Tensor& memory, const AttentionOptions& s,
               const AttentionOptions& m) -> AttentionOutput { return get<L>(l)(x, memory, s, m); };
    if constexpr (requires(const L& l, const Tensor& x, DecoderCache& c,
                           const AttentionOptions& o) {
                    { l(x, c, o, o) } -> std::convertible_to<AttentionOutput>;
                  })
      cached_ = [](const std::any& l, const Tensor& x, DecoderCache& c, const AttentionOptions& s,
                   const AttentionOptions& m) -> AttentionOutput { return get<L>(l)(x, c, s, m); };
    if constexpr (requires(const L& l, const Tensor& t) {
                    { l.project(t) } -> std::same_as<ProjectedMemory>;
                  })
      project_ = [](const std::any& l, const Tensor& t) { return get<L>(l).project(t); };
  }

  AttentionOutput operator()(const Tensor& x, const Tensor& memory,
                             const AttentionOptions& self_options,
                             const AttentionOptions& memory_options) const {
    return call_(layer_, x, memory, self_options, memory_options);
  }
  /// The next positions of a sequence. Throws ValueError if the layer has no such operator().
  AttentionOutput operator()(const Tensor& x, DecoderCache& cache,
                             const AttentionOptions& self_options,
                             const AttentionOptions& memory_options) const;
  /// DecoderCache::memory of a memory [B, S, M].
  ProjectedMemory project(const Tensor& memory) const {
    return project_ ? project_(layer_, memory) : ProjectedMemory();
  }
  /// Whether the layer has an operator() with a cache.
  bool has_cache() const { return cached_ != nullptr; }

  /// The layer, if it is an L; else null.
  template <class L>
  L* target() {
    return std::any_cast<L>(&layer_);
  }
  template <class L>
  const L* target() const {
    return std::any_cast<L>(&layer_);
  }
  /// The parts of a DecoderLayer. Throws ValueError for another type.
  DecoderLayer* operator->();
  const DecoderLayer* operator->() const;

 private:
  template <class L>
  static const L& get(const std::any& layer) {
    return *std::any_cast<L>(&layer);
  }

  std::any layer_;
  AttentionOutput (*call_)(const std::any&, const Tensor&, const Tensor&, const AttentionOptions&,
                           const AttentionOptions&) = nullptr;
  AttentionOutput (*cached_)(const std::any&, const Tensor&, DecoderCache&, const AttentionOptions&,
                             const AttentionOptions&) = nullptr;
  ProjectedMemory (*project_)(const std::any&, const Tensor&) = nullptr;
};

/// Make layer `index`, from 0, of a Transformer, with its parameters at `at`. The options are
/// complete: none is at 0, none or empty.
using EncoderLayerFactory = std::function<AnyEncoderLayer(
    const Scope& at, const TransformerOptions& options, int64_t index)>;
using DecoderLayerFactory = std::function<AnyDecoderLayer(
    const Scope& at, const TransformerOptions& options, int64_t index)>;

}  // namespace tapehead::nn

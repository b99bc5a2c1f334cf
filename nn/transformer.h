// The layers of Transformers: Vaswani et al. 2017.
//
// B batch, T positions, S positions of the memory, C embedding.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "tapehead/nn/feed_forward.h"
#include "tapehead/nn/mixture.h"
#include "tapehead/nn/multi_head.h"
#include "tapehead/nn/norm.h"
#include "tapehead/nn/positions.h"

namespace tapehead::nn {

/// Makes a layer of the user's for x [B, T, C], in place of FeedForward.
using FeedForwardFactory =
    std::function<AnyLayer(const Scope& at, const FeedForwardOptions& options)>;

/// The layers of a Transformer. What is left at 0, none or empty is the default of the model, or
/// else the one that stands here; within `attention`, `ffn` and `norm` it is as the fields above
/// say: completed().
///
///   nn::TransformerEncoder encoder(at, {.embed_dim = 64, .num_heads = 4, .num_layers = 2,
///                                       .attention = {.num_kv_heads = 2, .rope = RopeOptions{}},
///                                       .norm = {.type = nn::NormType::rms_norm}});
struct TransformerOptions {
  int64_t embed_dim = 0;                ///< C
  int64_t num_heads = 0;                ///< 0: 1
  int64_t ffn_dim = 0;                  ///< of the feed-forward part; 0: 4 embed_dim
  int64_t num_layers = 0;               ///< 0: 6
  std::optional<double> dropout = {};   ///< of each part's output, and within the parts; none: 0
  Activation activation = {};           ///< of the feed-forward part; none: relu
  std::optional<bool> norm_first = {};  ///< see EncoderLayer; none: true
  std::optional<bool> bias = {};        ///< of all parts; none: true
  Init init = {};                       ///< of all projections; empty: init::xavier_uniform()
  Init out_init = {};                   ///< of the last projection of each part; empty: init
  MultiHeadOptions attention = {};
  FeedForwardOptions ffn = {};
  NormOptions norm = {};
  /// Experts instead of the one feed-forward part, in layers without a memory.
  std::optional<MixtureOptions> mixture = {};
  FeedForwardFactory make_ffn = {};
};

/// The options with every open field filled in: from `defaults`, from the defaults that stand at
/// the fields, and in the parts from the fields of the whole; what a part says of num_heads,
/// ffn_dim and activation then stands in the whole, too. A second time changes nothing.
TransformerOptions completed(const TransformerOptions& options,
                             const TransformerOptions& defaults = {});

/// Output, attention weights and load of the experts of a layer.
struct EncoderLayerOutput {
  Tensor out;                ///< [B, T, C]
  Tensor attention_weights;  ///< [B, heads, queries, T], when asked for
  Tensor balance_loss;       ///< MoeOutput::balance_loss, where there are experts
  int64_t dropped = 0;       ///< MoeOutput::dropped
};

/// Self-attention, then the feed-forward part, each with a residual connection. With norm_first
/// x + part(norm(x)), as most models have it today (Xiong et al. 2020); without
/// norm(x + part(x)), as in the paper. Parameters: `norm1`, `norm2`, `attention`, `feed_forward`.
class EncoderLayer {
 public:
  /// Throws ValueError for a kernel with a mixture of experts.
  EncoderLayer(Scope at, const TransformerOptions& options);
  /// x [B, T, C] to [B, T, C]. Throws ValueError where a kernel would see what the attention may
  /// not: it is causal, sequences are packed, or there is a cache.
  Tensor operator()(const Tensor& x, const AttentionOptions& options = {}) const;
  /// The same with the attention weights that options.weights_of asks for.
  EncoderLayerOutput attend(const Tensor& x, const AttentionOptions& options) const;
  /// The same of the next positions of a sequence.
  Tensor operator()(const Tensor& x, KvCache& cache, const AttentionOptions& options = {}) const;

  AnyLayer norm1, norm2;
  MultiHeadAttention attention;
  AnyLayer ffn;  ///< empty where there are experts
  std::optional<MixtureOfExperts> experts;

 private:
  EncoderLayer(const Scope& at, const TransformerOptions& options, std::nullptr_t);
  template <class Attend>
  EncoderLayerOutput run(Tensor x, const Tensor& lengths, const Attend& attend) const;

  Scope at_;
  Dropout dropout_;
  bool norm_first_;
  int64_t kernel_size_;
};

/// Of a decoder layer during generation: the positions so far, and the projected memory.
struct DecoderCache {
  KvCache past;
  ProjectedMemory memory;

  /// For Decoder::reorder.
  void reorder(const Tensor& rows, bool same_sequences);
};

/// Self-attention, attention to a memory [B, S, M], then the feed-forward part, as in EncoderLayer.
/// Parameters: `norm1`, `norm2`, `norm3`, `attention`, `memory_attention`, `feed_forward`.
class DecoderLayer {
 public:
  /// Throws ValueError for a mixture of experts, or a kernel.
  DecoderLayer(const Scope& at, const TransformerOptions& options);
  /// x [B, T, C] to [B, T, C]. `self_options` are of the self-attention, `memory_options` of that
  /// to the memory, whose weights are given back.
  AttentionOutput operator()(const Tensor& x, const Tensor& memory,
                             const AttentionOptions& self_options,
                             const AttentionOptions& memory_options) const;
  /// The same of the next positions of a sequence.
  AttentionOutput operator()(const Tensor& x, DecoderCache& cache,
                             const AttentionOptions& self_options,
                             const AttentionOptions& memory_options) const;
  ProjectedMemory project(const Tensor& memory) const { return memory_attention.project(memory); }

  AnyLayer norm1, norm2, norm3;
  MultiHeadAttention attention, memory_attention;
  AnyLayer ffn;

 private:
  DecoderLayer(const Scope& at, const TransformerOptions& options, std::nullptr_t);
  template <class Self, class Memory>
  AttentionOutput run(Tensor x, const Self& self, const Memory& memory) const;

  Dropout dropout_;
  bool norm_first_;
};

/// Output, attention weights and load of the experts of an encoder.
struct EncoderOutput {
  Tensor out;                             ///< [B, T, C]
  std::vector<Tensor> attention_weights;  ///< of each layer [B, heads, queries, T], when asked for
  Tensor balance_loss;  ///< MoeOutput::balance_loss, the layers' mean, where there are experts
  int64_t dropped = 0;  ///< MoeOutput::dropped, of all layers

  /// Adds the output of the next layer.
  void add(const EncoderLayerOutput& layer, int64_t num_layers);
};

/// A stack of layers, with norm_first a norm after them: x [B, T, C] to [B, T, C]. Positions past
/// options.lengths are keys of none, but have outputs. Parameters: `layers.0` …, `norm`.
class TransformerEncoder {
 public:
  TransformerEncoder(const Scope& at, const TransformerOptions& options);
  Tensor operator()(const Tensor& x, const AttentionOptions& options = {}) const;
  /// The same with the attention weights that options.weights_of asks for.
  EncoderOutput attend(const Tensor& x, const AttentionOptions& options) const;

  std::vector<EncoderLayer> layers;
  AnyLayer norm;  ///< empty without norm_first
};

/// A stack of layers, causal, that attend to a memory, with norm_first a norm after them: x
/// [B, T, C] to [B, T, C]. Parameters: `layers.0` …, `norm`.
class TransformerDecoder {
 public:
  TransformerDecoder(const Scope& at, const TransformerOptions& options);
  /// The weights are those of the last layer's attention to the memory.
  AttentionOutput operator()(const Tensor& x, const Tensor& memory,
                             const AttentionOptions& memory_options = {},
                             AttentionOptions self_options = {}) const;
  /// The same of the next positions, with a cache for each layer: start() makes them.
  AttentionOutput operator()(const Tensor& x, std::vector<DecoderCache>& caches,
                             const AttentionOptions& memory_options = {},
                             AttentionOptions self_options = {}) const;
  /// Caches without a position, for a memory [B, S, M].
  std::vector<DecoderCache> start(const Tensor& memory) const;

  std::vector<DecoderLayer> layers;
  AnyLayer norm;  ///< empty without norm_first

 private:
  template <class Layer>
  AttentionOutput run(Tensor x, const AttentionOptions& memory_options, const Layer& layer) const;
};

}  // namespace tapehead::nn

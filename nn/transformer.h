// Transformer encoders and decoders: Vaswani et al. 2017.
//
// B batch, T positions, S positions of the memory, C embedding, M channels of the memory.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "tapehead/nn/feed_forward.h"
#include "tapehead/nn/mixture.h"
#include "tapehead/nn/multi_head.h"
#include "tapehead/nn/norm.h"
#include "tapehead/nn/positions.h"
#include "tapehead/nn/transformer_layer.h"

namespace tapehead::nn {

/// Makes a user-defined feed-forward layer, from x [B, T, C] to [B, T, C], with its parameters at
/// `at`.
using FeedForwardFactory =
    std::function<AnyLayer(const Scope& at, const FeedForwardOptions& options)>;

/// Options of the layers of a Transformer. A field that is not set (0, none or empty) has the
/// default of the model, if the model's config names one, or else the default given here. Fields of
/// `attention`, `ffn` and `norm` that are not set follow the fields above them; see completed().
///
///   nn::TransformerEncoder encoder(at, {.embed_dim = 64, .num_heads = 4, .num_layers = 2,
///                                       .attention = {.num_kv_heads = 2, .rope = RopeOptions{}},
///                                       .norm = {.type = nn::NormType::rms_norm}});
struct TransformerOptions {
  int64_t embed_dim = 0;                ///< C
  int64_t num_heads = 0;                ///< default: 1
  int64_t ffn_dim = 0;                  ///< of the feed-forward layers; default: 4 embed_dim
  int64_t num_layers = 0;               ///< default: 6
  std::optional<double> dropout = {};   ///< of each part's output, and within; default: 0
  Activation activation = {};           ///< of the feed-forward layers; default: relu
  std::optional<bool> norm_first = {};  ///< pre-norm or post-norm: EncoderLayer; default: true
  std::optional<bool> bias = {};        ///< of all linear layers and norms; default: true
  Init init = {};                       ///< of all linear layers; default: init::xavier_uniform()
  Init out_init = {};                   ///< of the last linear layer of each part; default: init
  MultiHeadOptions attention = {};
  FeedForwardOptions ffn = {};
  NormOptions norm = {};
  /// Mixtures of experts in place of the feed-forward layers, in encoders and decoder-only models.
  std::optional<MixtureOptions> mixture = {};
  FeedForwardFactory make_ffn = {};  ///< user-defined feed-forward layers; default: FeedForward
  /// User-defined layers of encoders and decoder-only models; default: EncoderLayer. Called for
  /// each layer, so that types can alternate:
  ///
  ///   .make_layer = [](const nn::Scope& at, const nn::TransformerOptions& o,
  ///                    int64_t index) -> nn::AnyEncoderLayer {
  ///     if (index % 2 == 1) return nn::EncoderLayer(at, o);
  ///     return GatedConvolution(at, o.embed_dim);
  ///   }
  EncoderLayerFactory make_layer = {};
  DecoderLayerFactory make_decoder_layer = {};  ///< of decoders; default: DecoderLayer
};

/// The options with all defaults filled in: first from `defaults`, then from the defaults of the
/// fields, and the fields of the parts from those of the whole. Where a part sets num_heads,
/// ffn_dim or activation, the whole has the same value in the result. Idempotent.
TransformerOptions completed(const TransformerOptions& options,
                             const TransformerOptions& defaults = {});

/// Self-attention and a feed-forward layer, each with a residual connection: with norm_first
/// x + dropout(part(norm(x))) (pre-norm, Xiong et al. 2020), else norm(x + dropout(part(x)))
/// (post-norm, as in the paper). Parameters: `norm1`, `norm2`, `attention` (MultiHeadAttention),
/// `feed_forward` (FeedForward or MixtureOfExperts).
/// Example: nn::EncoderLayer(at, {.embed_dim = 64, .num_heads = 4})(randn({8, 20, 64}))
///     // shape [8, 20, 64]
class EncoderLayer {
 public:
  /// make_layer is ignored. Throws ValueError for a mixture of experts with kernel_size above 1.
  EncoderLayer(const Scope& at, const TransformerOptions& options);
  /// x [B, T, C] to [B, T, C]. Throws ValueError for kernel_size above 1, which reads later
  /// positions, with causal attention, packed sequences or a cache.
  Tensor operator()(const Tensor& x, const AttentionOptions& options = {}) const;
  /// The same with the attention weights that options.weights_of requests.
  EncoderLayerOutput attend(const Tensor& x, const AttentionOptions& options) const;
  /// The next positions of a sequence: MultiHeadAttention's operator() with a cache.
  Tensor operator()(const Tensor& x, KvCache& cache, const AttentionOptions& options = {}) const;

  AnyLayer norm1, norm2;  ///< [B, T, C] to [B, T, C]
  MultiHeadAttention attention;
  AnyLayer ffn;  ///< FeedForward at first, [B, T, C] to [B, T, C]; empty with a mixture of experts
  std::optional<MixtureOfExperts> experts;  ///< in place of ffn
  AnyLayer dropout;                         ///< of the output of attention and feed-forward layer

 private:
  EncoderLayer(const Scope& at, const TransformerOptions& options, std::nullptr_t);
  template <class Attend>
  EncoderLayerOutput run(Tensor x, const Tensor& lengths, const Attend& attend) const;

  Scope at_;
  bool norm_first_;
  int64_t kernel_size_;
};

/// Self-attention, attention to a memory [B, S, M] and a feed-forward layer, with residual
/// connections as in EncoderLayer. Parameters: `norm1`, `norm2`, `norm3`, `attention`,
/// `memory_attention` (MultiHeadAttention), `feed_forward` (FeedForward).
/// Example: nn::DecoderLayer(at, {.embed_dim = 64, .num_heads = 4})(randn({8, 5, 64}), randn({8,
///     20, 64}), {.causal = true}, {}).out  // shape [8, 5, 64]
class DecoderLayer {
 public:
  /// make_decoder_layer is ignored. Throws ValueError for a mixture of experts, and for kernel_size
  /// above 1.
  DecoderLayer(const Scope& at, const TransformerOptions& options);
  /// x [B, T, C] to [B, T, C] and the weights of memory_attention that memory_options requests;
  /// `self_options` are of the self-attention.
  AttentionOutput operator()(const Tensor& x, const Tensor& memory,
                             const AttentionOptions& self_options,
                             const AttentionOptions& memory_options) const;
  /// The next positions of a sequence.
  AttentionOutput operator()(const Tensor& x, DecoderCache& cache,
                             const AttentionOptions& self_options,
                             const AttentionOptions& memory_options) const;
  /// DecoderCache::memory of a memory [B, S, M].
  ProjectedMemory project(const Tensor& memory) const { return memory_attention.project(memory); }

  AnyLayer norm1, norm2, norm3;  ///< [B, T, C] to [B, T, C]
  MultiHeadAttention attention, memory_attention;
  AnyLayer ffn;      ///< FeedForward at first, [B, T, C] to [B, T, C]
  AnyLayer dropout;  ///< of the output of attentions and feed-forward layer

 private:
  DecoderLayer(const Scope& at, const TransformerOptions& options, std::nullptr_t);
  template <class Self, class Memory>
  AttentionOutput run(Tensor x, const Self& self, const Memory& memory) const;

  bool norm_first_;
};

/// Layer `index` of a Transformer with these options, with its parameters at `at`: of make_layer,
/// or an EncoderLayer; of make_decoder_layer, or a DecoderLayer.
AnyEncoderLayer make_encoder_layer(const Scope& at, const TransformerOptions& options,
                                   int64_t index);
AnyDecoderLayer make_decoder_layer(const Scope& at, const TransformerOptions& options,
                                   int64_t index);

/// Output of an encoder, its attention weights and the load of its experts.
struct EncoderOutput {
  Tensor out;  ///< [B, T, C]
  /// [B, heads, queries, T] of each layer, if requested; layers without attention are left out.
  std::vector<Tensor> attention_weights;
  Tensor balance_loss;  ///< MoeOutput::balance_loss summed over the layers, divided by their number
  int64_t dropped = 0;  ///< MoeOutput::dropped summed over the layers

  /// Adds the output of the next of num_layers layers.
  void add(const EncoderLayerOutput& layer, int64_t num_layers);
};

/// A stack of layers, followed by a norm if norm_first is set: x [B, T, C] to [B, T, C]. Positions
/// past options.lengths are not attended to; their outputs are to be ignored. Parameters:
/// `layers.0` …, `norm`.
/// Example: nn::TransformerEncoder(at, {.embed_dim = 64, .num_heads = 4,
///     .num_layers = 2})(randn({8, 20, 64}))  // shape [8, 20, 64]
class TransformerEncoder {
 public:
  TransformerEncoder(const Scope& at, const TransformerOptions& options);
  Tensor operator()(const Tensor& x, const AttentionOptions& options = {}) const;
  /// The same with the attention weights that options.weights_of requests.
  EncoderOutput attend(const Tensor& x, const AttentionOptions& options) const;

  std::vector<AnyEncoderLayer> layers;
  AnyLayer norm;  ///< [B, T, C] to [B, T, C]; empty without norm_first
};

/// A stack of causal layers that attend to a memory [B, S, M], followed by a norm if norm_first is
/// set: x [B, T, C] to [B, T, C]. Parameters: `layers.0` …, `norm`.
/// Example: nn::TransformerDecoder(at, {.embed_dim = 64, .num_layers = 2})(randn({8, 5, 64}),
///     randn({8, 20, 64})).out  // shape [8, 5, 64]
class TransformerDecoder {
 public:
  TransformerDecoder(const Scope& at, const TransformerOptions& options);
  /// Returns the weights of the last layer's attention to the memory that memory_options requests.
  AttentionOutput operator()(const Tensor& x, const Tensor& memory,
                             const AttentionOptions& memory_options = {},
                             AttentionOptions self_options = {}) const;
  /// The next positions of a sequence, with a cache for each layer, from start(). Throws ValueError
  /// for another number of caches.
  AttentionOutput operator()(const Tensor& x, std::vector<DecoderCache>& caches,
                             const AttentionOptions& memory_options = {},
                             AttentionOptions self_options = {}) const;
  /// Caches of no positions, for a memory [B, S, M]. Throws ValueError for a layer that has no
  /// operator() with a cache.
  std::vector<DecoderCache> start(const Tensor& memory) const;

  std::vector<AnyDecoderLayer> layers;
  AnyLayer norm;  ///< [B, T, C] to [B, T, C]; empty without norm_first

 private:
  template <class Layer>
  AttentionOutput run(Tensor x, const AttentionOptions& memory_options, const Layer& layer) const;
};

}  // namespace tapehead::nn

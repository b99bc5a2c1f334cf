// The layers of Transformers: Vaswani et al. 2017.
//
// B batch, T positions, S positions of the memory, C width.
#pragma once

#include <variant>
#include <vector>

#include "tapehead/nn/feed_forward.h"
#include "tapehead/nn/mixture.h"
#include "tapehead/nn/multi_head.h"
#include "tapehead/nn/positions.h"

namespace tapehead::nn {

/// What all layers of a Transformer share.
struct TransformerOptions {
  int64_t width = 0;
  int64_t heads = 1;
  int64_t hidden = 0;  ///< of the feed-forward part; 0: 4 width
  int64_t layers = 6;
  int64_t kv_heads = 0;      ///< 0: heads
  int64_t head_width = 0;    ///< 0: width / heads
  int64_t memory_width = 0;  ///< of what a decoder looks at; 0: width
  double dropout = 0;        ///< of what each part adds
  /// Of the attention's weights and of the feed-forward part's hidden layer; nothing: dropout.
  std::optional<double> inner_dropout = {};
  /// Each part normalises what it reads, and a last norm follows the layers (Xiong et al. 2020);
  /// else each normalises the sum, as in the paper.
  bool pre_norm = true;
  bool rms = false;  ///< RMSNorm instead of LayerNorm
  double eps = 1e-5;
  Activation act = [](const Tensor& x) { return relu(x); };
  bool gated = false;
  /// Of the feed-forward part, in encoders that see whole sequences: 3 takes in the neighbours.
  int64_t kernel = 1;
  /// Experts instead of the one feed-forward part, in layers without a memory.
  std::optional<MixtureOptions> mixture = {};
  bool bias = true;
  std::optional<bool> qkv_bias = {};  ///< of the projections to queries, keys, values; none: bias
  std::optional<bool> out_bias = {};  ///< of attention's last projection; none: bias
  std::optional<double> scale = {};   ///< of the scores; 1 / sqrt(head_width) when not given
  std::optional<RopeOptions> rope = {};
  bool packed = false;  ///< one projection to queries, keys and values, where x attends to itself
  Init init = init::xavier_uniform();
  Init q_init = {};    ///< of the projections to queries, where they are separate; empty: init
  Init out_init = {};  ///< of the last projection of each part; empty: init
};

/// LayerNorm or RMSNorm.
class Norm {
 public:
  Norm(const Scope& at, const TransformerOptions& options);
  Tensor operator()(const Tensor& x) const;

 private:
  std::variant<LayerNorm, RMSNorm> norm_;
};

/// What a layer made of x, and on request or where there are experts how it did.
struct LayerResult {
  Tensor out;           ///< [B, T, C]
  Tensor weights;       ///< of the attention, when asked for
  Tensor balance;       ///< Mixed::balance, where there are experts
  int64_t dropped = 0;  ///< Mixed::dropped
};

/// x [B, T, C] attends to itself, then goes through the feed-forward part.
class EncoderLayer {
 public:
  /// Throws ValueError for a kernel with a mixture of experts.
  EncoderLayer(Scope at, const TransformerOptions& options);
  /// Throws ValueError where a kernel would see what the attention may not: it is causal, sequences
  /// are packed, or there is a cache.
  Tensor operator()(const Tensor& x, const AttentionOptions& seen = {}) const;
  /// The same with the weights that seen.weights_of asks for, and the balance of experts.
  LayerResult attend(const Tensor& x, const AttentionOptions& seen) const;
  /// The same for what is new in a generated sequence.
  Tensor operator()(const Tensor& x, KvCache& cache, const AttentionOptions& seen = {}) const;

 private:
  template <class Attend>
  LayerResult run(Tensor x, const Tensor& lengths, const Attend& attend) const;

  Scope at_;
  Norm norm1_, norm2_;
  MultiHeadAttention attention_;
  std::variant<FeedForward, MixtureOfExperts> feed_forward_;
  Dropout dropout_;
  bool pre_norm_;
  int64_t kernel_;
};

/// What a decoder's layer remembers while it generates: what went before, and the memory.
struct DecoderCache {
  KvCache past;
  ProjectedMemory memory;

  /// For Decoder::reorder.
  void reorder(const Tensor& rows, bool same_sequences);
};

/// x [B, T, C] attends to itself, to the memory [B, S, M], then goes through the feed-forward part.
class DecoderLayer {
 public:
  /// Throws ValueError for a mixture of experts, or a kernel.
  DecoderLayer(const Scope& at, const TransformerOptions& options);
  /// `seen` is for the attention of x to itself, `memory_seen` for that to the memory, whose
  /// weights come along.
  Attended operator()(const Tensor& x, const Tensor& memory, const AttentionOptions& seen,
                      const AttentionOptions& memory_seen) const;
  /// The same for what is new in a generated sequence.
  Attended operator()(const Tensor& x, DecoderCache& cache, const AttentionOptions& seen,
                      const AttentionOptions& memory_seen) const;
  ProjectedMemory project(const Tensor& memory) const { return memory_attention_.project(memory); }

 private:
  template <class Attend, class Look>
  Attended run(Tensor x, const Attend& attend, const Look& look) const;

  Norm norm1_, norm2_, norm3_;
  MultiHeadAttention attention_, memory_attention_;
  FeedForward feed_forward_;
  Dropout dropout_;
  bool pre_norm_;
};

/// What the layers of an encoder made of x, and how.
struct Encoded {
  Tensor out;                   ///< [B, T, C]
  std::vector<Tensor> weights;  ///< of each layer [B, heads, queries, T], when asked for
  Tensor balance;               ///< Mixed::balance, the layers' mean, where there are experts
  int64_t dropped = 0;          ///< Mixed::dropped, of all layers

  /// Takes in what the next layer made.
  void add(const LayerResult& layer, int64_t layers);
};

/// Layers one after the other: x [B, T, C] gives [B, T, C]. Positions past seen.lengths are keys
/// for none, but go through the layers as the others do.
class TransformerEncoder {
 public:
  TransformerEncoder(const Scope& at, const TransformerOptions& options);
  Tensor operator()(const Tensor& x, const AttentionOptions& seen = {}) const;
  /// The same with the weights that seen.weights_of asks for, and the balance of experts.
  Encoded attend(const Tensor& x, const AttentionOptions& seen) const;

 private:
  std::vector<EncoderLayer> layers_;
  std::optional<Norm> norm_;
};

/// Position t of x sees those up to t, and the memory. The weights are those of the last layer.
/// `seen` is for the attention of x to itself.
class TransformerDecoder {
 public:
  TransformerDecoder(const Scope& at, const TransformerOptions& options);
  Attended operator()(const Tensor& x, const Tensor& memory,
                      const AttentionOptions& memory_seen = {}, AttentionOptions seen = {}) const;
  /// The same for what is new, with a cache for each layer, of which start() makes those that have
  /// seen nothing but the memory.
  Attended operator()(const Tensor& x, std::vector<DecoderCache>& caches,
                      const AttentionOptions& memory_seen = {}, AttentionOptions seen = {}) const;
  std::vector<DecoderCache> start(const Tensor& memory) const;

 private:
  template <class Layer>
  Attended run(Tensor x, const AttentionOptions& memory_seen, const Layer& layer) const;

  std::vector<DecoderLayer> layers_;
  std::optional<Norm> norm_;
};

}  // namespace tapehead::nn

// Conformer encoders: Gulati et al. 2020, "Conformer: convolution-augmented Transformer for speech
// recognition". Names of options are those of torchaudio.models.Conformer where it has them.
//
// B sequences, T frames, C channels, H heads, D channels of a head, K kernel.
#pragma once

#include <optional>
#include <vector>

#include "tapehead/nn/batch_norm.h"
#include "tapehead/nn/feed_forward.h"
#include "tapehead/nn/multi_head.h"
#include "tapehead/nn/norm.h"
#include "tapehead/nn/speech/subsampling.h"
#include "tapehead/nn/transformer.h"

namespace tapehead::nn {

/// Sinusoidal encodings of the distances T - 1, T - 2 … -(T - 1) from a key to a query, f32
/// [2 T - 1, C]: sinusoidal_positions() of each. Throws ValueError for sizes below 1.
/// Example: nn::relative_positions(20, 64)  // shape [39, 64]
Tensor relative_positions(int64_t length, int64_t embed_dim);

struct RelativeAttentionOptions {
  int64_t embed_dim = 0;  ///< C
  int64_t num_heads = 1;  ///< H, a divisor of C
  double dropout = 0;     ///< of the attention weights, in training
};

/// Self-attention with the relative positions of Transformer-XL (Dai et al. 2019, 3.3): the score
/// of query i and key j is
///
///   ((q_i + u)ᵀ k_j + (q_i + v)ᵀ W r_{i-j}) / sqrt(D)
///
/// where r are relative_positions(). Parameters: `q`, `k`, `v`, `out`, each `weight` and `bias`,
/// `position.weight`, which is W, and the biases `pos_bias_u` and `pos_bias_v`.
/// Example: nn::RelativeAttention(at, {.embed_dim = 64, .num_heads = 4})(randn({8, 20, 64}))
///     // shape [8, 20, 64]
class RelativeAttention {
 public:
  /// Throws ValueError if the heads do not divide embed_dim.
  RelativeAttention(Scope at, const RelativeAttentionOptions& options);
  /// x [B, T, C] to [B, T, C]. Positions past options.lengths are not attended to; their outputs
  /// are to be ignored. `positions` are relative_positions(T, C), if they are known. Throws
  /// ShapeError for another shape.
  Tensor operator()(const Tensor& x, const AttentionOptions& options = {},
                    const Tensor& positions = {}) const;
  /// The same with the attention weights that options.weights_of requests.
  AttentionOutput attend(const Tensor& x, const AttentionOptions& options,
                         const Tensor& positions = {}) const;
  const Scope& scope() const { return at_; }

  AnyLayer q, k, v, out, position;  ///< Linear at first, [..., C] to [..., C]
  Tensor pos_bias_u, pos_bias_v;    ///< [H, D]

 private:
  Scope at_;
  RelativeAttentionOptions options_;
};

/// What normalises the channels in a ConvolutionModule.
enum class ConvolutionNorm { batch_norm, layer_norm };

struct ConvolutionModuleOptions {
  int64_t depthwise_conv_kernel_size = 31;             ///< K, odd
  double dropout = 0;                                  ///< of the output, in training
  ConvolutionNorm norm = ConvolutionNorm::batch_norm;  ///< of the channels
};

/// The convolution module of a Conformer (2.2): LayerNorm, a linear layer to 2 C channels, GLU, a
/// depthwise convolution over the frames, batch norm or layer norm, SiLU, a linear layer, dropout.
/// The statistics of batch norm are those of the frames within the lengths. Parameters: `norm`,
/// `pointwise1`, `depthwise.weight` [C, 1, K], `depthwise.bias`, `batch_norm` or `layer_norm`,
/// `pointwise2`.
/// Example: nn::ConvolutionModule(at, 64)(randn({8, 20, 64}))  // shape [8, 20, 64]
class ConvolutionModule {
 public:
  /// Throws ValueError for an even kernel.
  ConvolutionModule(Scope at, int64_t channels, const ConvolutionModuleOptions& options = {});
  /// x [B, T, C] to [B, T, C]. Frames past `lengths`, i64 [B], are treated as zeros by the
  /// convolution. Throws ShapeError for another shape, IndexError for lengths outside 0..T.
  Tensor operator()(const Tensor& x, const Tensor& lengths = {}) const;
  const Scope& scope() const { return at_; }

  AnyLayer norm, pointwise1, pointwise2;
  Conv1d depthwise;
  std::optional<BatchNorm1d> batch_norm;
  std::optional<LayerNorm> layer_norm;

 private:
  Tensor normalized(const Tensor& x, const Tensor& lengths) const;

  Scope at_;
  double dropout_;
};

struct ConformerOptions {
  int64_t input_dim = 0;  ///< C
  int64_t num_heads = 4;  ///< H
  int64_t ffn_dim = 0;    ///< of the feed-forward layers; 0: 4 C
  int64_t num_layers = 12;
  int64_t depthwise_conv_kernel_size = 31;  ///< K, odd
  double dropout = 0;                       ///< of each part's output, and within, in training
  /// In place of torchaudio's use_group_norm, whose statistics would include padding.
  ConvolutionNorm norm = ConvolutionNorm::batch_norm;
  bool convolution_first = false;  ///< the convolution module before the attention
};

/// A layer of a Conformer (2.4): half a feed-forward layer, attention, convolution, half a
/// feed-forward layer, each added to its input, and a norm. torchaudio's has no relative positions.
/// An AnyEncoderLayer can hold it.
/// Parameters: `ffn1_norm`, `ffn1`, `attention_norm`, `attention` (RelativeAttention),
/// `convolution` (ConvolutionModule), `ffn2_norm`, `ffn2`, `norm`.
/// Example: nn::ConformerLayer(at, {.input_dim = 64})(randn({8, 20, 64}))  // shape [8, 20, 64]
class ConformerLayer {
 public:
  /// num_layers is ignored. Throws ValueError for sizes out of range.
  ConformerLayer(const Scope& at, const ConformerOptions& options);
  /// x [B, T, C] to [B, T, C]. Frames past options.lengths, which must be finite, change no other
  /// frame; their outputs are to be ignored. `positions` as of RelativeAttention. Throws
  /// ShapeError, and ValueError for causal and packed attention, whose bounds the convolution
  /// would cross.
  Tensor operator()(const Tensor& x, const AttentionOptions& options = {},
                    const Tensor& positions = {}) const;
  /// The same with the attention weights that options.weights_of requests.
  EncoderLayerOutput attend(const Tensor& x, const AttentionOptions& options,
                            const Tensor& positions = {}) const;

  AnyLayer ffn1_norm, attention_norm, ffn2_norm, norm;
  AnyLayer ffn1, ffn2;  ///< FeedForward at first
  RelativeAttention attention;
  ConvolutionModule convolution;
  AnyLayer dropout;  ///< of the output of attention and feed-forward layers

 private:
  bool convolution_first_;
};

/// A stack of Conformer layers. Parameters: `layers.0` ….
/// Example: nn::Conformer(at, {.input_dim = 64, .num_layers = 2})(randn({8, 20, 64})).out
///     // shape [8, 20, 64]
class Conformer {
 public:
  /// Throws ValueError for sizes out of range.
  Conformer(const Scope& at, const ConformerOptions& options);
  /// x [B, T, C] to [B, T, C]. Frames past `lengths`, i64 [B], are not read. Throws ShapeError for
  /// another shape, IndexError for lengths outside 0..T.
  EncodedFrames operator()(const Tensor& x, const Tensor& lengths = {}) const;
  /// The same with the attention weights of each layer that options.weights_of requests.
  EncoderOutput attend(const Tensor& x, const AttentionOptions& options) const;
  const Scope& scope() const { return at_; }

  std::vector<ConformerLayer> layers;

 private:
  Scope at_;
  int64_t input_dim_;
};

}  // namespace tapehead::nn

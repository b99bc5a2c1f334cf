// The Transformer with PyTorch's parameters, masks and layouts: state dicts of torch.nn.Transformer
// and its parts load unchanged. transformer.h has more variants of each part, and generation with
// caches.
//
// B batch, S source positions, T target positions, E = d_model. Sequences are [T, B, E], or
// [B, T, E] with batch_first, or [T, E] without a batch. Masks are those of
// MultiheadAttentionForwardOptions: bool, true where a position is NOT attended to, or floating.
#pragma once

#include <utility>
#include <vector>

#include "tapehead/nn/activation.h"
#include "tapehead/nn/multihead_attention.h"
#include "tapehead/nn/norm.h"

namespace tapehead::nn {

struct TransformerLayerOptions {
  int64_t dim_feedforward = 2048;  ///< size of the hidden layer
  double dropout = 0.1;  ///< of each part's output, of the attention weights and the hidden layer
  Activation activation = relu;  ///< of the hidden layer
  double layer_norm_eps = 1e-5;  ///< eps of the norms
  bool batch_first = false;      ///< [B, T, E] instead of [T, B, E]
  bool norm_first = false;       ///< x + part(norm(x)) instead of norm(x + part(x))
  bool bias = true;
  Init init = {};  ///< of all matrices; empty: the defaults of Linear and MultiheadAttention
};

/// Masks of an encoder.
struct TransformerEncoderMasks {
  Tensor mask = {};                  ///< [S, S] or [B nhead, S, S]
  Tensor src_key_padding_mask = {};  ///< [B, S]
  bool is_causal = false;            ///< attend to earlier positions only
};

/// PyTorch's nn.TransformerEncoderLayer (Vaswani et al. 2017): self-attention and a feed-forward
/// layer. Parameters: `self_attn` (MultiheadAttention), `linear1`, `linear2`, `norm1`, `norm2`.
/// Example: nn::TransformerEncoderLayer(at, 64, 4)(randn({20, 8, 64}))  // shape [20, 8, 64]
class TransformerEncoderLayer {
 public:
  TransformerEncoderLayer(Scope at, int64_t d_model, int64_t nhead,
                          const TransformerLayerOptions& options = {});
  TransformerEncoderLayer(int64_t d_model, int64_t nhead,
                          const TransformerLayerOptions& options = {})
      : TransformerEncoderLayer(Scope(), d_model, nhead, options) {}
  /// Returns the shape of src.
  Tensor operator()(const Tensor& src, const TransformerEncoderMasks& masks = {}) const;
  const Scope& scope() const { return at_; }

  MultiheadAttention self_attn;
  Linear linear1, linear2;
  LayerNorm norm1, norm2;

 private:
  Scope at_;
  TransformerLayerOptions options_;
};

/// Masks of a decoder.
struct TransformerDecoderMasks {
  Tensor tgt_mask = {};                                  ///< [T, T] or [B nhead, T, T]
  Tensor memory_mask = {};                               ///< [T, S] or [B nhead, T, S]
  Tensor tgt_key_padding_mask = {};                      ///< [B, T]
  Tensor memory_key_padding_mask = {};                   ///< [B, S]
  bool tgt_is_causal = false, memory_is_causal = false;  ///< see earlier positions only
};

/// PyTorch's nn.TransformerDecoderLayer: self-attention, attention to a memory and a feed-forward
/// layer. Parameters: `self_attn`, `multihead_attn` (MultiheadAttention), `linear1`, `linear2`,
/// `norm1`, `norm2`, `norm3`.
/// Example: nn::TransformerDecoderLayer(at, 64, 4)(randn({5, 8, 64}), randn({20, 8, 64}))
///     // shape [5, 8, 64]
class TransformerDecoderLayer {
 public:
  TransformerDecoderLayer(Scope at, int64_t d_model, int64_t nhead,
                          const TransformerLayerOptions& options = {});
  TransformerDecoderLayer(int64_t d_model, int64_t nhead,
                          const TransformerLayerOptions& options = {})
      : TransformerDecoderLayer(Scope(), d_model, nhead, options) {}
  /// Returns the shape of tgt.
  Tensor operator()(const Tensor& tgt, const Tensor& memory,
                    const TransformerDecoderMasks& masks = {}) const;
  const Scope& scope() const { return at_; }

  MultiheadAttention self_attn, multihead_attn;
  Linear linear1, linear2;
  LayerNorm norm1, norm2, norm3;

 private:
  Scope at_;
  TransformerLayerOptions options_;
};

/// A stack of layers, and a norm after them if `norm` is set. Parameters: `layers.0` …, `norm`.
template <class Layer>
class TransformerStack {
 public:
  TransformerStack(Scope at, int64_t d_model, int64_t nhead, int64_t num_layers,
                   const TransformerLayerOptions& options = {}, bool with_norm = false)
      : layers(stack<Layer>(at / "layers", num_layers, d_model, nhead, options)),
        at_(std::move(at)) {
    if (with_norm)
      norm =
          LayerNorm(at_ / "norm", d_model, {.eps = options.layer_norm_eps, .bias = options.bias});
  }
  /// Calls each layer with the output of the one before and the other arguments of a layer.
  template <class... A>
  Tensor operator()(const Tensor& x, const A&... others) const {
    Tensor y = x;
    for (const Layer& layer : layers) y = layer(y, others...);
    return norm ? norm(y) : y;
  }
  const Scope& scope() const { return at_; }

  std::vector<Layer> layers;
  AnyLayer norm;  ///< empty without a norm

 private:
  Scope at_;
};
/// PyTorch's nn.TransformerEncoder and nn.TransformerDecoder.
/// Example: nn::TransformerEncoderStack(at, 64, 4, 2)(randn({20, 8, 64}))  // shape [20, 8, 64]
/// Example: nn::TransformerDecoderStack(at, 64, 4, 2)(randn({5, 8, 64}), randn({20, 8, 64}))
///     // shape [5, 8, 64]
using TransformerEncoderStack = TransformerStack<TransformerEncoderLayer>;
using TransformerDecoderStack = TransformerStack<TransformerDecoderLayer>;

struct TransformerModelOptions {
  int64_t d_model = 512;           ///< E
  int64_t nhead = 8;               ///< heads of each attention
  int64_t num_encoder_layers = 6;  ///< of the encoder
  int64_t num_decoder_layers = 6;  ///< of the decoder
  int64_t dim_feedforward = 2048;  ///< as TransformerLayerOptions, like the fields below
  double dropout = 0.1;            ///< the same
  Activation activation = relu;    ///< the same
  double layer_norm_eps = 1e-5;    ///< the same
  bool batch_first = false;        ///< the same
  bool norm_first = false;         ///< the same
  bool bias = true;                ///< the same
};

/// Masks of encoder and decoder; see TransformerEncoderMasks and TransformerDecoderMasks.
struct TransformerMasks {
  /// [S, S], [T, T] and [T, S], or those of each head.
  Tensor src_mask = {}, tgt_mask = {}, memory_mask = {};
  /// [B, S], [B, T] and [B, S].
  Tensor src_key_padding_mask = {}, tgt_key_padding_mask = {}, memory_key_padding_mask = {};
  /// Whether positions attend to earlier ones only.
  bool src_is_causal = false, tgt_is_causal = false, memory_is_causal = false;
};

/// PyTorch's nn.Transformer: encoder and decoder, each with a final norm. All matrices are
/// initialized with xavier_uniform(). Parameters: `encoder`, `decoder` (TransformerStack).
/// Example: nn::Transformer(at, {.d_model = 32, .nhead = 4})(randn({20, 8, 32}), randn({5, 8, 32}))
///     // shape [5, 8, 32]
class Transformer {
 public:
  explicit Transformer(Scope at, const TransformerModelOptions& options = {});
  explicit Transformer(const TransformerModelOptions& options = {})
      : Transformer(Scope(), options) {}
  /// src [S, B, E] and tgt [T, B, E] to the shape of tgt. Throws ShapeError.
  Tensor operator()(const Tensor& src, const Tensor& tgt, const TransformerMasks& masks = {}) const;
  /// The floating mask [size, size] of causal attention: 0 where a position is attended to, and
  /// -infinity elsewhere. As a tgt_mask, the same as tgt_is_causal.
  static Tensor generate_square_subsequent_mask(int64_t size);
  const Scope& scope() const { return at_; }

  TransformerEncoderStack encoder;
  TransformerDecoderStack decoder;

 private:
  Scope at_;
};

}  // namespace tapehead::nn

// The feed-forward block of a Transformer layer.
//
// C embedding, F hidden layer.
#pragma once

#include <optional>

#include "tapehead/nn/activation.h"
#include "tapehead/nn/any_layer.h"
#include "tapehead/nn/convolution.h"
#include "tapehead/nn/linear.h"
#include "tapehead/nn/norm.h"

namespace tapehead::nn {

/// Within TransformerOptions, fields left at 0, none or empty take the Transformer's values.
struct FeedForwardOptions {
  int64_t embed_dim = 0;               ///< C
  int64_t ffn_dim = 0;                 ///< F; 0: 4 embed_dim
  Activation activation = {};          ///< none: relu
  bool gated = false;                  ///< a GLU: SwiGLU with silu, GEGLU with gelu (Shazeer 2020)
  std::optional<double> dropout = {};  ///< after the activation; none: 0
  /// Kernel size, odd, of a depthwise convolution before `up`, which makes `up` a separable
  /// convolution (Dehghani et al. 2019, 2.1). 0 or 1: no convolution.
  int64_t kernel_size = 0;
  std::optional<bool> bias = {};  ///< none: true
  Init init = {};                 ///< empty: init::fan_in_uniform()
  Init out_init = {};             ///< of `down`; empty: init
};

/// y = down(activation(up(x))) or, if gated, y = down(activation(gate(x)) up(x)). Maps x [..., C]
/// to [..., C]. With a kernel_size above 1, x is replaced by conv(x). Parameters: `up`, `gate`,
/// `down`, `conv`.
/// Example: nn::FeedForward(at, {.embed_dim = 64, .activation = nn::silu, .gated = true})(randn({8,
///     20, 64}))  // shape [8, 20, 64]
class FeedForward {
 public:
  /// Throws ValueError for sizes out of range.
  FeedForward(Scope at, const FeedForwardOptions& options);
  /// With a convolution, x must be [B, T, C], and positions past `lengths`, i64 [B], are treated as
  /// zeros. Throws ShapeError if x has another shape.
  Tensor operator()(const Tensor& x, const Tensor& lengths = {}) const;

  std::optional<DepthwiseConv> conv;
  /// Linear layers, which can be replaced: [..., C] to [..., F], and back. `gate` is empty unless
  /// gated.
  AnyLayer up, gate, down;

 private:
  Scope at_;
  Activation activation_;
  Dropout dropout_;
};

}  // namespace tapehead::nn

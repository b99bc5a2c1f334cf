// The feed-forward part of a Transformer layer.
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

/// Within TransformerOptions, what is left at 0, none or empty is as the Transformer has it.
struct FeedForwardOptions {
  int64_t embed_dim = 0;               ///< C
  int64_t ffn_dim = 0;                 ///< F; 0: 4 embed_dim
  Activation activation = {};          ///< none: relu
  bool gated = false;                  ///< SwiGLU of silu, GEGLU of gelu (Shazeer 2020)
  std::optional<double> dropout = {};  ///< of the hidden layer; none: 0
  /// Positions, an odd number, that the hidden layer sees around its own: more than 1 (or 0, the
  /// same) make `up` a separable convolution, as in Dehghani et al. 2019, 2.1.
  int64_t kernel_size = 0;
  std::optional<bool> bias = {};  ///< none: true
  Init init = {};                 ///< empty: init::fan_in_uniform()
  Init out_init = {};             ///< of `down`; empty: init
};

/// y = down(activation(up(x))), with a gate down(activation(gate(x)) up(x)): x [..., C] to [...,
/// C]. With a kernel conv(x) takes the place of x. Parameters: `up`, `gate`, `down`, `conv`
/// (DepthwiseConv).
class FeedForward {
 public:
  /// Throws ValueError for sizes out of range.
  FeedForward(Scope at, const FeedForwardOptions& options);
  /// With a kernel x is [B, T, C], and is not read past `lengths`, i64 [B]: DepthwiseConv.
  Tensor operator()(const Tensor& x, const Tensor& lengths = {}) const;

  std::optional<DepthwiseConv> conv;
  /// Linear at first: [..., C] to [..., F], and back. `gate` is empty without one.
  AnyLayer up, gate, down;

 private:
  Scope at_;
  Activation activation_;
  Dropout dropout_;
};

}  // namespace tapehead::nn

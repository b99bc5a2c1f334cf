// The feed-forward part of a Transformer's layer.
#pragma once

#include <functional>
#include <optional>

#include "tapehead/autograd/ops.h"
#include "tapehead/nn/convolution.h"
#include "tapehead/nn/linear.h"
#include "tapehead/nn/norm.h"

namespace tapehead::nn {

/// An elementwise function: relu, gelu, silu …
using Activation = std::function<Tensor(const Tensor&)>;

struct FeedForwardOptions {
  int64_t width = 0;
  int64_t hidden = 0;  ///< 0: 4 width
  Activation act = [](const Tensor& x) { return relu(x); };
  bool gated = false;  ///< SwiGLU of silu, GEGLU of gelu (Shazeer 2020)
  double dropout = 0;  ///< of the hidden layer
  /// So many positions, an odd number, go into each of the hidden layer: more than 1 make `up` a
  /// separable convolution, as it is in Dehghani et al. 2019, 2.1.
  int64_t kernel = 1;
  bool bias = true;
  Init init = init::fan_in_uniform();
  Init out_init = {};  ///< of `down`; empty: init
};

/// y = down(act(up(x))), or with a gate down(act(gate(x)) up(x)): x [..., C] gives [..., C]. With a
/// kernel conv(x) takes the place of x. Parameters: `up`, `gate`, `down`, `conv` (DepthwiseConv's).
class FeedForward {
 public:
  /// Throws ValueError for a width or kernel out of range.
  FeedForward(Scope at, const FeedForwardOptions& options);
  /// With a kernel x is [B, T, C], and what lies past `lengths` is no neighbour: DepthwiseConv.
  Tensor operator()(const Tensor& x, const Tensor& lengths = {}) const;

 private:
  Scope at_;
  Activation act_;
  std::optional<DepthwiseConv> conv_;
  Linear up_;
  std::optional<Linear> gate_;
  Linear down_;
  Dropout dropout_;
};

}  // namespace tapehead::nn

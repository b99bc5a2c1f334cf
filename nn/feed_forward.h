// The feed-forward part of a Transformer's layer.
#pragma once

#include <functional>
#include <optional>

#include "tapehead/autograd/ops.h"
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
  bool bias = true;
  Init init = init::fan_in_uniform();
  Init out_init = {};  ///< of `down`; empty: init
};

/// y = down(act(up(x))), or with a gate down(act(gate(x)) up(x)): x [..., C] gives [..., C].
class FeedForward {
 public:
  /// Throws ValueError for a width below 1.
  FeedForward(Scope at, const FeedForwardOptions& options);
  Tensor operator()(const Tensor& x) const;

 private:
  Scope at_;
  Activation act_;
  Linear up_;
  std::optional<Linear> gate_;
  Linear down_;
  Dropout dropout_;
};

}  // namespace tapehead::nn

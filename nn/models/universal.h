// The Universal Transformer: Dehghani et al., ICLR 2019.
//
// B batch, T positions, C embedding, N steps.
#pragma once

#include <cstddef>
#include <vector>

#include "tapehead/nn/transformer.h"

namespace tapehead::nn {

struct UniversalOptions {
  int64_t steps = 6;        ///< N; the maximum if adaptive
  bool adaptive = false;    ///< adaptive computation time (Graves 2016), for each position
  double threshold = 0.99;  ///< 1 - epsilon: sum of halting probabilities at which a position halts
  double halting_bias = 1;  ///< initial b of the halting probability
};

/// Output of a UniversalEncoder.
struct UniversalOutput {
  Tensor out;    ///< [B, T, C]; undefined values past a sequence's length
  Tensor steps;  ///< i64 [B, T]: steps of each position, 0 past the length
  /// Mean over the positions of a sequence of N(t) + R(t), [B], with gradients through R. Added to
  /// the loss with a small weight. Undefined unless adaptive.
  Tensor ponder_cost;
  std::vector<Tensor> attention_weights;  ///< [B, heads, queries, T] of each step, if requested
};

/// An encoder that applies one layer N times. Step n adds sinusoidal encodings of the position and
/// of the step to the state, and applies the layer:
///
///   s^n = layer(s^{n-1} + P(t) + P(n)),  s^0 = x
///
/// The output is s^N. With adaptive computation time, position t halts after step N(t); later steps
/// leave its state unchanged, and its output is a weighted mean of its states:
///
///   h^n = sigmoid(w s^n + b)         N(t) = min {n: h^1 + ... + h^n >= threshold, or n = N}
///   R(t) = 1 - h^1 - ... - h^{N(t)-1}           out = sum_{n < N(t)} h^n s^n + R(t) s^{N(t)}
///
/// The ponder cost is N(t) + R(t). The loop ends when all positions have halted. These are the
/// formulas of the two papers; the authors' program computes h before a step, and continues to
/// update halted positions. A norm follows if norm_first is set. Parameters: `layer` (EncoderLayer,
/// or those of make_layer, called with index 0), `norm`, `halt`.
/// Example: nn::UniversalEncoder(at, {.embed_dim = 8, .num_heads = 2}, {.steps = 3})(randn({2, 5,
///     8}))  // shape [2, 5, 8]
class UniversalEncoder {
 public:
  /// num_layers of the layer's options is ignored. Throws ValueError for options out of range,
  /// and for a mixture of experts.
  UniversalEncoder(const Scope& at, const TransformerOptions& layer_options,
                   const UniversalOptions& options);

  /// x [B, T, C] to [B, T, C]; positions past options.lengths are padding. `positions` i64 [B, T],
  /// not negative, are the P(t) of x; undefined: 0 to T - 1. Throws ShapeError.
  UniversalOutput operator()(const Tensor& x, const AttentionOptions& options = {},
                             const Tensor& positions = {}) const;

  AnyEncoderLayer layer;
  AnyLayer norm;  ///< [B, T, C] to [B, T, C]; empty without norm_first
  AnyLayer halt;  ///< w and b: Linear at first, [B, T, C] to [B, T, 1]; empty unless adaptive

 private:
  UniversalEncoder(const Scope& at, const TransformerOptions& layer_options,
                   const UniversalOptions& options, std::nullptr_t);
  Tensor coordinates(const Tensor& x, const Tensor& positions) const;

  Scope at_;
  UniversalOptions options_;
  int64_t embed_dim_;
};

}  // namespace tapehead::nn

// The Universal Transformer: Dehghani et al., ICLR 2019.
//
// B batch, T positions, C embedding, N steps.
#pragma once

#include "tapehead/nn/transformer.h"

namespace tapehead::nn {

struct UniversalOptions {
  int64_t steps = 6;  ///< N; with adaptive computation time, N at most
  /// Adaptive computation time (Graves 2016): each position decides after each step whether it
  /// halts.
  bool adaptive = false;
  double threshold = 0.99;  ///< 1 - epsilon: a position halts where its probabilities reach it
  double halting_bias = 1;  ///< at the start: the higher it is, the sooner positions halt
};

/// Output, number of steps and attention weights.
struct UniversalOutput {
  Tensor out;    ///< [B, T, C]; past a sequence's length it means nothing
  Tensor steps;  ///< i64 [B, T]: of each position, 0 past the length
  /// The steps and remainders of a sequence, the mean over its positions: [B], with gradients by
  /// the remainders. Times a small number it is added to the loss. Undefined unless adaptive.
  Tensor ponder_cost;
  std::vector<Tensor> attention_weights;  ///< of each step [B, heads, queries, T], when asked for
};

/// An encoder of one layer, which goes over x again and again. Step n adds where a position stands
/// and which step it is, sinusoids both, and applies the layer:
///
///   s^n = layer(s^{n-1} + P(t) + P(n)),  s^0 = x
///
/// The output is s^N. If it is adaptive, a position t halts by the probabilities h, at step N(t),
/// after which its state stays as it is for the others to see, and its result is the mean over the
/// steps:
///
///   h^n = sigmoid(w s^n + b)         N(t) = min {n: h^1 + ... + h^n >= threshold, or n = N}
///   R(t) = 1 - h^1 - ... - h^{N(t)-1}           out = sum_{n < N(t)} h^n s^n + R(t) s^{N(t)}
///
/// The ponder cost is N(t) + R(t). When all have halted no more is computed. (So the two papers
/// have it. The authors' program asks for h before a step, and transforms what has halted further.)
/// A last norm follows with norm_first. Parameters: `layer`, `norm`, `halt`.
class UniversalEncoder {
 public:
  /// num_layers of the layer's options is ignored. Throws ValueError for options out of range,
  /// and for a mixture of experts.
  UniversalEncoder(Scope at, const TransformerOptions& layer_options,
                   const UniversalOptions& options);

  /// x [B, T, C] to [B, T, C]; what lies past options.lengths is padding. `positions` i64 [B, T],
  /// not negative, are those of x; undefined: 0 to T - 1. Throws ShapeError.
  UniversalOutput operator()(const Tensor& x, const AttentionOptions& options = {},
                             const Tensor& positions = {}) const;

  EncoderLayer layer;
  AnyLayer norm, halt;  ///< empty without norm_first; unless adaptive

 private:
  UniversalEncoder(const Scope& at, const TransformerOptions& layer_options,
                   const UniversalOptions& options, std::nullptr_t);
  Tensor coordinates(const Tensor& x, const Tensor& positions) const;

  Scope at_;
  UniversalOptions options_;
  int64_t embed_dim_;
};

}  // namespace tapehead::nn

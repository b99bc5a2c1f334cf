// The Universal Transformer: Dehghani et al., ICLR 2019.
//
// B batch, T positions, C width, N steps.
#pragma once

#include "tapehead/nn/transformer.h"

namespace tapehead::nn {

struct UniversalOptions {
  int64_t steps = 6;  ///< N; where positions halt by themselves, N at most
  /// Each position decides after each step whether it has seen enough: adaptive computation time
  /// (Graves 2016).
  bool act = false;
  double threshold = 0.99;  ///< 1 - epsilon: a position halts where its probabilities reach it
  double halting_bias = 1;  ///< at the start: the higher it is, the sooner positions halt
};

/// What the steps made of x, and how many it took.
struct Pondered {
  Tensor out;    ///< [B, T, C]; past a sequence's length it means nothing
  Tensor steps;  ///< i64 [B, T]: of each position, 0 past the length
  /// The steps and remainders of a sequence, the mean over its positions: [B], with gradients by
  /// the remainders. Times a small number it joins the loss. Undefined without act.
  Tensor ponder;
  std::vector<Tensor> weights;  ///< of each step [B, heads, queries, T], when asked for
};

/// An encoder of one layer, which goes over x again and again. Step n adds where a position stands
/// and which step it is, sinusoids both, and applies the layer:
///
///   s^n = layer(s^{n-1} + P(t) + P(n)),  s^0 = x
///
/// The result is s^N. With act a position t halts by the probabilities h, at step N(t), after which
/// its state stays as it is for the others to see, and its result is the mean over the steps:
///
///   h^n = sigmoid(w s^n + b)         N(t) = min {n: h^1 + ... + h^n >= threshold, or n = N}
///   R(t) = 1 - h^1 - ... - h^{N(t)-1}           out = sum_{n < N(t)} h^n s^n + R(t) s^{N(t)}
///
/// The ponder cost is N(t) + R(t). When all have halted no more is computed. (So the two papers
/// have it. The authors' program asks for h before a step, and transforms what has halted further.)
/// A last norm follows where the layer has its norms in front. Parameters: `layer`, `norm`, `halt`.
class UniversalEncoder {
 public:
  /// `layers` of the layer's options is not looked at. Throws ValueError for options out of range,
  /// and for a mixture of experts.
  UniversalEncoder(Scope at, const TransformerOptions& layer, const UniversalOptions& options);

  /// `seen` is for the attention, as in other encoders; what lies past seen.lengths is padding.
  /// Positions, i64 [B, T] and not negative, say where what is encoded stands; undefined: 0 to T -
  /// 1. Throws ShapeError.
  Pondered operator()(const Tensor& x, const AttentionOptions& seen = {},
                      const Tensor& positions = {}) const;

 private:
  Tensor coordinates(const Tensor& x, const Tensor& positions) const;

  Scope at_;
  UniversalOptions options_;
  int64_t width_;
  EncoderLayer layer_;
  std::optional<Norm> norm_;
  std::optional<Linear> halt_;
};

}  // namespace tapehead::nn

// Implementation of scaled_dot_product_attention.
#pragma once

#include "tapehead/autograd/attention.h"
#include "tapehead/core/detail/tiled_attention.h"

namespace tapehead::detail {

/// Throws ShapeError unless q is [B, H, T, D], k [B, H', S, D] and v [B, H', S, E], with H'
/// dividing H, and DTypeError unless all are floating. Messages start with `op`.
void check_attention_operands(const char* op, const Tensor& q, const Tensor& k, const Tensor& v);

/// Runs the user's score and mask functions on tiles, and differentiates them. Either may be empty.
class TileFunctions final : public core::ScoreFunction {
 public:
  TileFunctions(ScoreFunctionOf f, MaskFunctionOf visible);

  /// The tracked tensors that f captures, found by calling it once.
  const std::vector<Tensor>& captured() const { return captured_; }
  /// Returns the gradients of captured(), summed over the tiles passed to backward().
  std::vector<Tensor> take_gradients();

  void forward(const core::ScoreTile& tile, const Tensor& scores) override;
  void backward(const core::ScoreTile& tile, const Tensor& before, const Tensor& gradient) override;
  /// Applies f to scores, then sets masked ones to -infinity. Recorded; not limited to a single
  /// tile.
  Tensor operator()(const Tensor& scores, const ScoresAt& at) const;

 private:
  Tensor scores_of(const Tensor& scores, const ScoresAt& at) const;

  ScoreFunctionOf f_;
  MaskFunctionOf visible_;
  std::vector<Tensor> captured_, gradients_;
};

/// Computes core::attention() from simple ops, recorded, with the full score matrix in memory.
Tensor plain_attention(const core::AttentionSpec& spec, const core::AttentionTensors& in);

}  // namespace tapehead::detail

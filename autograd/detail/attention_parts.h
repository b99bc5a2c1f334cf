// The parts of scaled_dot_product_attention.
#pragma once

#include "tapehead/autograd/attention.h"
#include "tapehead/core/detail/tiled_attention.h"

namespace tapehead::detail {

/// Throws ShapeError for what is not q [B, H, T, D], k [B, H', S, D] and v [B, H', S, E] with H'
/// dividing H, and DTypeError for what is not floating, in the name of `op`.
void check_attention_operands(const char* op, const Tensor& q, const Tensor& k, const Tensor& v);

/// The user's functions on tiles, run by the tape. f may be empty, visible too.
class TileFunctions final : public core::ScoreFunction {
 public:
  TileFunctions(ScoreFunctionOf f, MaskFunctionOf visible);

  /// Tracked tensors that f uses beside its arguments, found by calling it once.
  const std::vector<Tensor>& captured() const { return captured_; }
  /// Their gradients, summed over the tiles that backward() saw.
  std::vector<Tensor> take_gradients();

  void forward(const core::ScoreTile& tile, const Tensor& scores) override;
  void backward(const core::ScoreTile& tile, const Tensor& before, const Tensor& gradient) override;
  /// f, then -infinity where nothing is visible, on a tile or more; recorded.
  Tensor operator()(const Tensor& scores, const ScoresAt& at) const;

 private:
  Tensor scores_of(const Tensor& scores, const ScoresAt& at) const;

  ScoreFunctionOf f_;
  MaskFunctionOf visible_;
  std::vector<Tensor> captured_, gradients_;
};

/// The same as core::attention() by simple ops, recorded, with all scores in memory.
Tensor plain_attention(const core::AttentionSpec& spec, const core::AttentionTensors& in);

}  // namespace tapehead::detail

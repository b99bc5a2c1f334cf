// The loss of recurrent neural network transducers.
//
// B batch size, T frames, U longest target, V symbols including the blank.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

struct RNNTLossOptions {
  int64_t blank = -1;  ///< the symbol that leads to the next frame; -1 is the last one
  double clamp = -1;   ///< above 0: limit of the magnitude of the gradient of each loss
  Reduction reduction = Reduction::mean;  ///< over the batch
  bool fused_log_softmax = true;          ///< false: the logits are log-probabilities
};
/// The negative log-probability of the targets: the sum over all alignments, which emit each target
/// in one of the frames, and a blank at the end of each frame. Computed by dynamic programming in
/// log space (Graves 2012, 2.4). The meaning is that of torchaudio.functional.rnnt_loss.
///
/// logits floating [B, T, U + 1, V]: the scores of the next symbol in frame t after u targets.
/// Targets are integers [B, U]; logit_lengths and target_lengths [B] are integers in 1..T and 0..U.
/// The result has shape [B] for Reduction::none, else []. Padding past the lengths is not read. A
/// loss is infinite, and its gradient NaN, if the targets have probability 0.
///
/// Throws ShapeError, DTypeError, ValueError for lengths out of range, and IndexError for a target
/// that is outside 0..V-1 or the blank. Second derivatives throw ValueError if clamp is above 0.
/// Example: rnnt_loss(randn({2, 50, 11, 20}), randint(0, 19, {2, 10}), tensor({50, 45}),
///     tensor({10, 7}))  // shape []
Tensor rnnt_loss(const Tensor& logits, const Tensor& targets, const Tensor& logit_lengths,
                 const Tensor& target_lengths, const RNNTLossOptions& options = {});

}  // namespace tapehead

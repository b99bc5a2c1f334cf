// Connectionist temporal classification.
//
// B batch size, T frames, C symbols including the blank, S longest target.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

struct CTCLossOptions {
  int64_t blank = 0;  ///< the symbol that stands for no output
  /// The mean divides the loss of each sequence by the length of its target (at least 1), and is
  /// taken over the batch.
  Reduction reduction = Reduction::mean;
  bool zero_infinity = false;  ///< losses that are infinite, and their gradients, become 0
};
/// The negative log-probability of the targets: the sum over all alignments, which are the paths of
/// T symbols that become the target when repeated symbols are merged and blanks are removed.
/// Computed by dynamic programming in log space.
///
/// log_probs [T, B, C], as from log_softmax(), are log-probabilities of each frame. `targets` are
/// symbols [B, S], or those of all sequences one after the other, [sum of target_lengths].
/// input_lengths and target_lengths [B] are integers, at most T and S. Or, for one sequence,
/// log_probs [T, C], targets [S], and 0-d lengths. The result has shape [B] (0-d for one sequence)
/// for Reduction::none. The loss is infinite if the input is too short for the target.
///
/// Throws ShapeError, DTypeError, ValueError for invalid lengths, and IndexError for a target that
/// is outside 0..C-1 or the blank. The gradient is that of the loss with respect to log_probs;
/// torch's assumes that log_probs are the result of log_softmax, and is its gradient with respect
/// to the softmax's input; both give the same gradient behind log_softmax. Graves et al. 2006.
/// Example: ctc_loss(randn({50, 2, 20}).log_softmax(-1), randint(1, 20, {2, 10}), tensor({50, 45}),
///     tensor({10, 7}))  // shape []
Tensor ctc_loss(const Tensor& log_probs, const Tensor& targets, const Tensor& input_lengths,
                const Tensor& target_lengths, const CTCLossOptions& options = {});

}  // namespace tapehead

// Copying words of the source: the pointer-generator network of See, Liu and Manning 2017, "Get to
// the point: summarization with pointer-generator networks"; Gu et al. 2016, "Incorporating copying
// mechanism in sequence-to-sequence learning".
//
// B batch, S source words, T steps, V vocabulary, X words of the sources of a batch outside the
// vocabulary, M channels of the memory, Q of the state, C of the input.
//
// A source word outside the vocabulary has an id from V on, numbered per source by
// data::copy_source(): the same id stands for different words in different rows.
#pragma once

#include "tapehead/autograd/ops.h"
#include "tapehead/nn/any_layer.h"
#include "tapehead/nn/params.h"

namespace tapehead::nn {

/// Output of a decoder that copies, at T steps. The probability of a word w is
///
///   p(w) = g softmax(logits)[w] + (1 - g) sum of weights[s] over the s with source[s] = w,
///   g = sigmoid(gate).
struct CopyMix {
  Tensor logits;   ///< [B, T, V]
  Tensor weights;  ///< [B, T, S]: attention to the source; each row sums to 1
  Tensor gate;     ///< [B, T]
};

/// Replaces ids from `vocab` on by `unk`: valid input of an embedding.
Tensor known_ids(const Tensor& ids, int64_t vocab, int64_t unk = 1);

/// V + X of a batch: max(vocab, largest id + 1).
int64_t extended_vocab(const Tensor& source, int64_t vocab);

/// log p(w) of all V + X words, [B, T, V + X]; -inf for ids from V on that a source does not have.
/// source i64 [B, S]; `extended` is V + X. Twice differentiable. Throws ShapeError for shapes that
/// do not match, IndexError for a source word outside 0..extended-1.
Tensor copy_log_probs(const CopyMix& mix, const Tensor& source, int64_t extended);

struct CopyLossOptions {
  int64_t ignore_index = -100;  ///< targets that are not counted
  /// Share of the target that is spread evenly over the V words of the vocabulary, in [0, 1).
  double label_smoothing = 0;
  Reduction reduction = Reduction::mean;  ///< mean over the targets that are not ignored
};

/// -log p(target) for target i64 [B, T], which may be a source word from V on: equal to nll_loss of
/// copy_log_probs(), without a tensor of V + X columns. Throws what copy_log_probs() throws, and
/// IndexError for a target that is neither in the vocabulary nor in its source.
Tensor copy_loss(const CopyMix& mix, const Tensor& source, const Tensor& target,
                 const CopyLossOptions& options = {});

/// CopyMix::gate (See et al., eq. 8): w_c' context + w_h' state + w_x' input + b. Parameters:
/// `context.weight`, `state.weight`, `input.weight`, `input.bias`.
/// Example: nn::CopyGate(at, 32, 64, 16)(randn({8, 32}), randn({8, 64}), randn({8, 16}))
///     // shape [8]
class CopyGate {
 public:
  CopyGate(const Scope& at, int64_t memory_dim, int64_t state_dim, int64_t input_dim);
  /// Context c [..., M], state h [..., Q] and input x [..., C] to [...].
  Tensor operator()(const Tensor& c, const Tensor& h, const Tensor& x) const;

  /// Linear at first: [..., M], [..., Q] and [..., C] to [..., 1].
  AnyLayer context, state, input;
};

/// Single-head scaled dot-product attention (Vaswani et al. 2017) with projected queries and keys,
/// whose weights are differentiable (those of scaled_dot_product_attention are detached).
/// Parameters: `query.weight`, `key.weight`.
/// Example: nn::CopyAttention a(at, 64, 32); Tensor m = randn({8, 20, 32}); a(randn({8, 5, 64}),
///     a.keys(m), m, {}).context  // shape [8, 5, 32]
class CopyAttention {
 public:
  /// State of Q channels, memory of M.
  CopyAttention(const Scope& at, int64_t state_dim, int64_t memory_dim);

  /// Projects the memory [B, S, M] to keys [B, S, Q], once for all steps.
  Tensor keys(const Tensor& memory) const;
  struct Result {
    Tensor context;  ///< [B, T, M]
    Tensor weights;  ///< [B, T, S], 0 past a length
  };
  /// state [B, T, Q], projected = keys(memory) [B, S, Q], memory [B, S, M]; lengths i64 [B], each
  /// at least 1, or undefined. Padding has weight 0, but must be finite.
  Result operator()(const Tensor& state, const Tensor& projected, const Tensor& memory,
                    const Tensor& lengths) const;

  AnyLayer query, key;  ///< Linear at first: [..., Q] to [..., Q], [..., M] to [..., Q]
};

}  // namespace tapehead::nn

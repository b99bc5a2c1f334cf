// Copying from the source: the pointer-generator of See, Liu and Manning 2017, "Get to the point:
// summarization with pointer-generator networks"; Gu et al. 2016, "Incorporating copying mechanism
// in sequence-to-sequence learning".
//
// B batch, S source words, T steps, V vocabulary, X words that the sources of a batch have and the
// vocabulary lacks, M width of the memory, Q of the state, C of the input.
//
// Such a word has an id from V on, another for each word of one source (data::copy_source makes
// them): what it stands for differs from row to row.
#pragma once

#include "tapehead/autograd/ops.h"
#include "tapehead/nn/linear.h"

namespace tapehead::nn {

/// What a decoder that copies says at T steps. The probability of a word w is
///
///   p(w) = g softmax(logits)[w] + (1 - g) sum of weights[s] over the s with source[s] = w,
///   g = sigmoid(gate).
struct CopyMix {
  Tensor logits;   ///< [B, T, V]
  Tensor weights;  ///< [B, T, S]: attention to the source; a row's sum is 1
  Tensor gate;     ///< [B, T]
};

/// Ids without those from `vocab` on, which become `unk`: what an embedding takes.
Tensor known_ids(const Tensor& ids, int64_t vocab, int64_t unk = 1);

/// V + X of a batch: one more than its largest id, but no less than `vocab`.
int64_t extended_vocab(const Tensor& source, int64_t vocab);

/// log p(w) of all V + X words, [B, T, V + X]; -inf for those from V on that a source lacks. source
/// i64 [B, S]; `extended` is V + X. Differentiable, twice. Throws ShapeError for shapes that do not
/// fit, IndexError for a source word outside of 0..extended-1.
Tensor copy_log_probs(const CopyMix& mix, const Tensor& source, int64_t extended);

struct CopyLossOptions {
  int64_t ignore_index = -100;
  /// This part of the target is spread over the vocabulary: of words from V on, most are none of
  /// this source's.
  double label_smoothing = 0;
  Reduction reduction = Reduction::mean;
};

/// -log p(target), for target i64 [B, T] that may be a word from V on: what nll_loss makes of
/// copy_log_probs, without the memory of V + X columns. The mean is over targets that are not
/// ignored. Throws besides IndexError for a target that neither the vocabulary nor its source has.
Tensor copy_loss(const CopyMix& mix, const Tensor& source, const Tensor& target,
                 const CopyLossOptions& options = {});

/// How much a decoder writes of its own at each step: the mix's gate, linear in what it sees of the
/// source, in its state and in its input (See et al., eq. 8).
class CopyGate {
 public:
  CopyGate(const Scope& at, int64_t memory, int64_t state, int64_t input);
  /// context [..., M], state [..., Q], input [..., C]: [...].
  Tensor operator()(const Tensor& context, const Tensor& state, const Tensor& input) const;

 private:
  Linear context_, state_, input_;
};

/// Attention of one head whose weights gradients pass through (scaled_dot_product_attention gives
/// detached ones): scaled dot products of projections, Vaswani et al. 2017.
class CopyAttention {
 public:
  /// state Q wide, memory M wide.
  CopyAttention(const Scope& at, int64_t state, int64_t memory);

  /// The memory's keys [B, S, Q], once for all steps.
  Tensor keys(const Tensor& memory) const;
  struct Result {
    Tensor context;  ///< [B, T, M]
    Tensor weights;  ///< [B, T, S], 0 past a length
  };
  /// state [B, T, Q], keys [B, S, Q], memory [B, S, M]; lengths i64 [B], each at least 1, or
  /// undefined: past them the memory has the weight 0, but is read.
  Result operator()(const Tensor& state, const Tensor& keys, const Tensor& memory,
                    const Tensor& lengths) const;

 private:
  Linear query_, key_;
};

}  // namespace tapehead::nn

// A recurrent decoder of tokens that attends to a memory: Bahdanau et al. 2015, Luong et al. 2015.
//
// B batch, T tokens, S positions of the memory, M channels of the memory, E embedding, H hidden
// size, V vocabulary, X words of the sources of a batch outside the vocabulary.
#pragma once

#include <optional>
#include <vector>

#include "tapehead/nn/any_layer.h"
#include "tapehead/nn/beam_search.h"
#include "tapehead/nn/copy_head.h"
#include "tapehead/nn/linear.h"
#include "tapehead/nn/rnn.h"
#include "tapehead/nn/sequence_attention.h"

namespace tapehead::nn {

struct AttentionDecoderOptions {
  int64_t vocab_size = 0;     ///< V
  int64_t embed_dim = 256;    ///< E
  int64_t hidden_size = 256;  ///< H
  RnnCell cell = RnnCell::lstm;
  /// Its memory_dim is M; its query_dim is H.
  SequenceAttentionOptions attention = {};
  bool input_feeding = true;  ///< the attentional state is an input of the next step (Luong 3.3)
  double dropout = 0;         ///< of embeddings and of the attentional state
  /// Words of the source can be copied (See et al. 2017), including those outside the vocabulary.
  bool copy = false;
  int64_t pad = 0, unk = 1;  ///< ids
};

/// What an AttentionDecoder starts from.
struct DecoderStart {
  AttentionMemory memory;  ///< of AttentionDecoder::attention.prepare(rows [B, S, M], lengths)
  RnnState state = {};     ///< first state, [B, H]; undefined: zeros
  Tensor source = {};      ///< i64 [B, S]: ids of the memory's words, for the option `copy`
};

/// The results of T steps.
struct AttentionDecoderOutput {
  Tensor logits;   ///< [B, T, V]
  Tensor weights;  ///< [B, T, S] of the attention; undefined for Score::none
  Tensor gate;     ///< [B, T]: CopyMix::gate; undefined without the option `copy`
};

/// Decodes tokens from a memory of any encoder: words, regions of an image, frames of speech. At
/// each step the input of the cell is the embedding of the last token and, with input feeding, the
/// last attentional state a. Its new state h attends to the memory, which gives the context c, and
///
///   a = tanh(W [h; c]),   logits = E a + b,
///
/// where E is the embedding's weight (Press and Wolf 2017). Parameters: `target.weight`, the
/// embedding, unless it is shared; `decoder`, the cell; `attention`, `combine`, `output.bias`,
/// `copy`.
/// Example: nn::AttentionDecoder d(at, {.vocab_size = 30, .embed_dim = 8, .hidden_size = 8,
///     .attention = {.memory_dim = 4}}); d({.memory = d.attention.prepare(randn({2, 5, 4}))},
///     randint(30, {2, 3})).logits  // shape [2, 3, 30]
class AttentionDecoder {
 public:
  /// `shared` replaces the embedding. Throws ValueError for sizes below 1, for the options that
  /// SequenceAttention refuses, and for copy with Score::none or local_p, whose weights are not
  /// probabilities; ShapeError for a shared embedding whose weight is not [V, E].
  AttentionDecoder(const Scope& at, const AttentionDecoderOptions& options,
                   const std::optional<Embedding>& shared = {});

  /// The results of steps whose last tokens are ids i64 [B, T] (teacher forcing). Throws ShapeError
  /// for other shapes.
  AttentionDecoderOutput operator()(const DecoderStart& start, const Tensor& ids) const;
  /// operator()'s logits; with copy, log probabilities [B, T, V + X], as copy_log_probs().
  Tensor scores(const DecoderStart& start, const Tensor& ids) const;
  /// Mean cross entropy of the tokens after the first of target i64 [B, T + 1], except padding,
  /// each given those before it. Throws ShapeError unless a token follows the first.
  Tensor loss(const DecoderStart& start, const Tensor& target, double label_smoothing = 0) const;
  /// The steps of a search, which refer to this decoder.
  Decoder steps(const DecoderStart& start) const;
  /// Beam search: the best target for each row of the batch, with attention weights.
  std::vector<Hypothesis> search(const DecoderStart& start, const BeamOptions& options = {}) const;

  /// The options with query_dim filled in.
  const AttentionDecoderOptions& options() const { return options_; }

  Cell cell;
  SequenceAttention attention;
  AnyLayer combine;              ///< W: Linear at first, [B, H + M] to [B, E]
  Tensor output_bias;            ///< b [V]
  Embedding target;              ///< of tokens, [V, E]
  std::optional<CopyGate> copy;  ///< none unless options.copy
  AnyLayer dropout;

 private:
  struct Step;
  Step first(const DecoderStart& start) const;
  void advance(const Tensor& embedded, const AttentionMemory& memory, int64_t t, Step& step) const;
  Tensor logits(const Tensor& attentional) const;
  Tensor known(const Tensor& ids) const;

  AttentionDecoderOptions options_;
};

}  // namespace tapehead::nn

// Recurrent encoder-decoder with attention: Bahdanau et al. 2015, Luong et al. 2015.
//
// B batch, S source tokens, T target tokens, H hidden size, V vocabulary.
#pragma once

#include <vector>

#include "tapehead/nn/any_layer.h"
#include "tapehead/nn/attention_decoder.h"
#include "tapehead/nn/linear.h"
#include "tapehead/nn/models/translation.h"
#include "tapehead/nn/rnn.h"
#include "tapehead/nn/sequence_attention.h"

namespace tapehead::nn {

struct Seq2SeqConfig {
  int64_t source_vocab_size = 0, target_vocab_size = 0;
  int64_t embed_dim = 256;
  int64_t hidden_size = 256;  ///< H of the decoder; H / 2 of a bidirectional encoder's cells
  int64_t num_layers = 1;     ///< of the encoder
  RnnCell cell = RnnCell::lstm;
  Score score = Score::additive;  ///< of the attention
  bool bidirectional = true;
  bool input_feeding = true;  ///< the attentional state is an input of the next step (Luong 3.3)
  bool coverage = false;      ///< as SequenceAttentionOptions::coverage
  double dropout = 0.3;       ///< of embeddings, of the memory and of the attentional state
  int64_t positions = 128;    ///< Score::location: maximum S
  bool tied = false;          ///< source and target share one embedding and vocabulary
  /// Words of the source can be copied (See et al. 2017), including those outside the vocabulary,
  /// which source and target must share.
  bool copy = false;
  int64_t pad = 0, unk = 1;  ///< ids
};

/// The encoder is a recurrent network over the source, whose outputs are the memory of an
/// AttentionDecoder. Parameters: `source.weight` and `target.weight`, or `embedding.weight` if
/// tied; `encoder`, `bridge`, `bridge_cell` (of an LSTM), and those of AttentionDecoder: `decoder`,
/// `attention`, `combine`, `output.bias`, `copy`.
/// Example: nn::Seq2Seq(at, {.source_vocab_size = 20, .target_vocab_size = 30, .embed_dim = 8,
///     .hidden_size = 8})(data::seq2seq_batch({{7, 8}, {9}}, {{5}, {6, 4}}, std::vector<int64_t>{0,
///     1}))  // shape [2, 3, 30]
class Seq2Seq {
 public:
  /// Throws ValueError for vocabularies of different sizes if tied or copy is set, and for copy
  /// with Score::none or local_p, whose weights are not probabilities.
  Seq2Seq(const Scope& at, const Seq2SeqConfig& config);

  /// Logits [B, T - 1, V] of each target token after the first, given those before it (teacher
  /// forcing); with copy, log probabilities [B, T - 1, V + X], as copy_log_probs().
  Tensor operator()(const data::Seq2SeqBatch& batch) const;
  /// Mean cross entropy over the target's tokens, except padding.
  Tensor loss(const data::Seq2SeqBatch& batch, double label_smoothing = 0) const;
  /// Beam search: the best target for each source ids i64 [B, S], with attention weights.
  std::vector<Hypothesis> translate(const Tensor& ids, const Tensor& lengths,
                                    const BeamOptions& o) const;

  const Seq2SeqConfig& config() const { return config_; }

  Embedding source;
  Rnn encoder;
  /// From the encoder's last state h (c) to the decoder's first: Linear at first, [B, M] to [B, H].
  AnyLayer bridge, bridge_cell;
  AttentionDecoder decoder;
  AnyLayer dropout;  ///< of the source's embeddings and of the memory

 private:
  DecoderStart encode(const Tensor& ids, const Tensor& lengths) const;

  Seq2SeqConfig config_;
};

}  // namespace tapehead::nn

// The encoder-decoder with attention: Bahdanau et al. 2015, Luong et al. 2015.
//
// B batch, S source tokens, T target tokens, H hidden size, V vocabulary.
#pragma once

#include <optional>

#include "tapehead/nn/any_layer.h"
#include "tapehead/nn/copy_head.h"
#include "tapehead/nn/linear.h"
#include "tapehead/nn/models/translation.h"
#include "tapehead/nn/norm.h"
#include "tapehead/nn/rnn.h"
#include "tapehead/nn/sequence_attention.h"

namespace tapehead::nn {

struct Seq2SeqConfig {
  int64_t source_vocab_size = 0, target_vocab_size = 0;
  int64_t embed_dim = 256;
  int64_t hidden_size = 256;  ///< of the decoder; an encoder direction has half of it
  int64_t num_layers = 1;     ///< of the encoder
  RnnCell cell = RnnCell::lstm;
  Score score = Score::additive;
  bool bidirectional = true;
  bool input_feeding = true;  ///< the attentional state is an input of the next step (Luong, 3.3)
  bool coverage = false;
  double dropout = 0.3;
  int64_t positions = 128;  ///< the longest source, for Score::location
  /// One embedding for source and target, which have one vocabulary.
  bool tied = false;
  /// Words of the source may be copied (See et al. 2017), those outside of the one vocabulary, too.
  bool copy = false;
  int64_t pad = 0, unk = 1;
};

/// The encoder reads the source in both directions. At step t the decoder's cell gets the last
/// token and the last attentional state a; its new state h looks at the source and gets the context
/// c;
///   a = tanh(W [h; c]),   logits = E a + b,
/// where E is the target's embedding (Press and Wolf 2017) when the widths agree: they always do
/// here, a has the embedding's width.
class Seq2Seq {
 public:
  /// Throws ValueError for two vocabularies where one is needed, and for a score whose weights
  /// cannot be copied by.
  Seq2Seq(const Scope& at, const Seq2SeqConfig& config);

  /// Logits [B, T - 1, V] of each target token after the first, given those before it (teacher
  /// forcing). Of a model that copies, logarithms of probabilities [B, T - 1, V + X]: X counts the
  /// ids from V on in the source.
  Tensor operator()(const data::Seq2SeqBatch& batch) const;
  /// The mean cross entropy over the target's tokens; padding does not count.
  Tensor loss(const data::Seq2SeqBatch& batch, double label_smoothing = 0) const;
  /// The best target for each source, with its attention.
  std::vector<Hypothesis> translate(const Tensor& ids, const Tensor& lengths,
                                    const BeamOptions& o) const;

  const Seq2SeqConfig& config() const { return config_; }

  Embedding source;
  std::optional<Embedding> target;  ///< none where the source's stands for it
  Rnn encoder;
  AnyLayer bridge, bridge_cell;  ///< from the encoder's last state to the decoder's first
  Cell decoder;
  SequenceAttention attention;
  AnyLayer combine;
  Tensor output_bias;  ///< [V]

 private:
  struct Step {
    RnnState state;
    Tensor attentional;  // [B, E]
    Tensor coverage;     // [B, S]
    Tensor weights;      // [B, S]
    Tensor gate;         // [B], of copying
  };
  struct Steps {
    Tensor attentional, weights, gate;  // [B, T - 1, ·]
  };
  const Embedding& target_embedding() const { return target ? *target : source; }
  Steps run(const data::Seq2SeqBatch& batch) const;
  std::pair<AttentionMemory, Step> encode(const Tensor& ids, const Tensor& lengths) const;
  void advance(const Tensor& embedded, const AttentionMemory& memory, int64_t t, Step& step) const;
  Tensor logits(const Tensor& attentional) const;
  Tensor known(const Tensor& ids) const;

  Seq2SeqConfig config_;
  Dropout dropout_;
  std::optional<CopyGate> gate_;
};

}  // namespace tapehead::nn

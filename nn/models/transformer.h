// The original Transformer, encoder and decoder: Vaswani et al. 2017.
//
// B batch, S source tokens, T target tokens, C width, V vocabulary.
#pragma once

#include <optional>
#include <vector>

#include "tapehead/nn/copy_head.h"
#include "tapehead/nn/models/translation.h"
#include "tapehead/nn/transformer.h"

namespace tapehead::nn {

struct TransformerConfig {
  int64_t source_vocab = 0, target_vocab = 0;
  int64_t width = 256;
  int64_t heads = 4;
  int64_t hidden = 1024;  ///< of the feed-forward parts
  int64_t layers = 4;     ///< of the encoder, and of the decoder
  double dropout = 0.3;   ///< of the embeddings and of what each part adds, as in the paper
  double inner_dropout =
      0;  ///< of the attention's weights and of the feed-forward parts' hidden layers
  bool pre_norm = true;
  /// One matrix embeds source and target and gives the logits: for a joint vocabulary.
  bool tied = false;
  /// Words of the source may be copied (See et al. 2017), those outside of the one vocabulary, too:
  /// an attention of its own, after the decoder's, says from where.
  bool copy = false;
  int64_t pad = 0, unk = 1;
};

/// Tokens are embedded, times sqrt(C), and get sinusoidal positions; the decoder's last layer times
/// the target's embedding gives the logits (Press and Wolf 2017).
class Transformer {
 public:
  /// Throws ValueError for two vocabularies where one is needed.
  Transformer(const Scope& at, const TransformerConfig& config);

  /// Logits [B, T - 1, V] of each target token after the first, given those before it. Of a model
  /// that copies, logarithms of probabilities [B, T - 1, V + X]: X counts the ids from V on in the
  /// source.
  Tensor operator()(const data::Seq2SeqBatch& batch) const;
  /// The mean cross entropy over the target's tokens; padding does not count.
  Tensor loss(const data::Seq2SeqBatch& batch, double label_smoothing = 0) const;
  /// The best target for each source, with the mean attention of the last layer's heads, or with
  /// that which says what to copy.
  std::vector<Hypothesis> translate(const Tensor& source, const Tensor& lengths,
                                    const BeamOptions& options) const;

 private:
  struct Copying {
    CopyAttention attention;
    CopyGate gate;
  };
  // What the decoder gave for the embedded targets that it was given.
  struct Run {
    Tensor out, embedded, memory;
  };
  const Embedding& target() const { return target_ ? *target_ : source_; }
  Tensor embed(const Embedding& embedding, const Tensor& ids, int64_t start) const;
  Tensor encode(const Tensor& source, const Tensor& lengths) const;
  Tensor logits(const Tensor& x) const;
  Tensor known(const Tensor& ids) const;
  Run run(const data::Seq2SeqBatch& batch) const;
  CopyMix mix(const Tensor& out, const Tensor& embedded, const Tensor& keys, const Tensor& memory,
              const Tensor& lengths) const;

  TransformerConfig config_;
  Embedding source_;
  std::optional<Embedding> target_;  // none when it is the source's
  Dropout dropout_;
  TransformerEncoder encoder_;
  TransformerDecoder decoder_;
  std::optional<Copying> copying_;
};

}  // namespace tapehead::nn

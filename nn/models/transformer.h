// The original Transformer, encoder and decoder: Vaswani et al. 2017.
//
// B batch, S source tokens, T target tokens, C embedding, V vocabulary.
#pragma once

#include <optional>
#include <vector>

#include "tapehead/nn/copy_head.h"
#include "tapehead/nn/models/translation.h"
#include "tapehead/nn/transformer.h"

namespace tapehead::nn {

struct TransformerConfig {
  int64_t source_vocab_size = 0, target_vocab_size = 0;
  /// Where it is left open: embed_dim 256, num_heads 4, ffn_dim 1024, num_layers 4 (of the encoder,
  /// and of the decoder), dropout 0.3 of the embeddings and of each part's output, but 0 within the
  /// parts, as in the paper.
  TransformerOptions transformer = {};
  /// One matrix embeds source and target and gives the logits: for a joint vocabulary.
  bool tied = false;
  /// Words of the source may be copied (See et al. 2017), those outside of the one vocabulary, too:
  /// an attention of its own, after the decoder's, says from where.
  bool copy = false;
  int64_t pad = 0, unk = 1;
};

/// The config with every open field filled in.
TransformerConfig completed(TransformerConfig config);

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
  std::vector<Hypothesis> translate(const Tensor& ids, const Tensor& lengths,
                                    const BeamOptions& options) const;

  /// The config with every field filled in.
  const TransformerConfig& config() const { return config_; }

  Embedding source;
  std::optional<Embedding> target;  ///< none where the source's stands for it
  TransformerEncoder encoder;
  TransformerDecoder decoder;

 private:
  Transformer(const Scope& at, const TransformerConfig& config, std::nullptr_t);
  struct Copying {
    CopyAttention attention;
    CopyGate gate;
  };
  // The decoder's output, the embedded targets and the memory.
  struct Run {
    Tensor out, embedded, memory;
  };
  const Embedding& target_embedding() const { return target ? *target : source; }
  Tensor embed(const Embedding& embedding, const Tensor& ids, int64_t start) const;
  Tensor encode(const Tensor& ids, const Tensor& lengths) const;
  Tensor logits(const Tensor& x) const;
  Tensor known(const Tensor& ids) const;
  Run run(const data::Seq2SeqBatch& batch) const;
  CopyMix mix(const Tensor& out, const Tensor& embedded, const Tensor& keys, const Tensor& memory,
              const Tensor& lengths) const;

  TransformerConfig config_;
  Dropout dropout_;
  std::optional<Copying> copying_;
};

}  // namespace tapehead::nn

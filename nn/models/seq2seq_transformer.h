// Transformer encoder-decoder for translation: Vaswani et al. 2017.
//
// B batch, S source tokens, T target tokens, C embedding, V vocabulary.
#pragma once

#include <cstddef>
#include <vector>

#include "tapehead/nn/any_layer.h"
#include "tapehead/nn/linear.h"
#include "tapehead/nn/models/translation.h"
#include "tapehead/nn/transformer.h"
#include "tapehead/nn/transformer_token_decoder.h"

namespace tapehead::nn {

struct Seq2SeqTransformerConfig {
  int64_t source_vocab_size = 0, target_vocab_size = 0;
  /// Defaults: embed_dim 256, num_heads 4, ffn_dim 1024, num_layers 4 (of the encoder and of the
  /// decoder), dropout 0.3 of the embeddings and of each part's output, and 0 within the parts, as
  /// in the paper.
  TransformerOptions transformer = {};
  bool tied = false;  ///< source and target share one embedding and vocabulary
  /// Words of the source can be copied (See et al. 2017), including those outside the vocabulary,
  /// which source and target must share. The weights are of a separate attention (CopyAttention)
  /// after the decoder.
  bool copy = false;
  int64_t pad = 0, unk = 1;  ///< ids
};

/// Fills in the defaults of all fields that are not set.
Seq2SeqTransformerConfig completed(Seq2SeqTransformerConfig config);

/// Encoder-decoder Transformer: token embeddings times sqrt(C) plus sinusoidal positions pass
/// through the encoder, whose output is the memory of a TransformerTokenDecoder. Parameters:
/// `source.weight` and `target.weight`, or `embedding.weight` if tied; `encoder`
/// (TransformerEncoder), and those of TransformerTokenDecoder: `decoder` (TransformerDecoder),
/// `copy_attention`, `copy`.
/// Example: nn::Seq2SeqTransformer(at, {.source_vocab_size = 20, .target_vocab_size = 30,
///     .transformer = {.embed_dim = 8, .num_heads = 2, .num_layers = 1}})(data::seq2seq_batch({{7,
///     8}, {9}}, {{5}, {6, 4}}, std::vector<int64_t>{0, 1}))  // shape [2, 3, 30]
class Seq2SeqTransformer {
 public:
  /// Throws ValueError for vocabularies of different sizes if tied or copy is set.
  Seq2SeqTransformer(const Scope& at, const Seq2SeqTransformerConfig& config);

  /// Logits [B, T - 1, V] of each target token after the first, given those before it; with copy,
  /// log probabilities [B, T - 1, V + X], as copy_log_probs().
  Tensor operator()(const data::Seq2SeqBatch& batch) const;
  /// Mean cross entropy over the target's tokens, except padding.
  Tensor loss(const data::Seq2SeqBatch& batch, double label_smoothing = 0) const;
  /// Beam search: the best target for each source ids i64 [B, S], with the weights of the last
  /// layer's attention to the source, averaged over heads, or with copy those of copy_attention.
  std::vector<Hypothesis> translate(const Tensor& ids, const Tensor& lengths,
                                    const BeamOptions& options) const;

  /// The config with all defaults filled in.
  const Seq2SeqTransformerConfig& config() const { return config_; }

  Embedding source;
  TransformerEncoder encoder;
  TransformerTokenDecoder decoder;
  AnyLayer dropout;  ///< of the source's embeddings

 private:
  Seq2SeqTransformer(const Scope& at, const Seq2SeqTransformerConfig& config, std::nullptr_t);
  TokenMemory encode(const Tensor& ids, const Tensor& lengths) const;

  Seq2SeqTransformerConfig config_;
};

}  // namespace tapehead::nn

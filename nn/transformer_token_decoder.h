// A Transformer decoder of tokens that attends to a memory: Vaswani et al. 2017.
//
// B batch, T tokens, S positions of the memory, M channels of the memory, C embedding, V
// vocabulary, X words of the sources of a batch outside the vocabulary.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "tapehead/nn/any_layer.h"
#include "tapehead/nn/beam_search.h"
#include "tapehead/nn/copy_head.h"
#include "tapehead/nn/linear.h"
#include "tapehead/nn/transformer.h"

namespace tapehead::nn {

struct TransformerTokenDecoderOptions {
  int64_t vocab_size = 0;  ///< V
  /// Defaults: embed_dim 256, num_heads 4, ffn_dim 1024, num_layers 4, dropout 0.3 of the
  /// embeddings and of each part's output, and 0 within the parts, as in the paper. M is
  /// attention.memory_dim.
  TransformerOptions transformer = {};
  /// Words of the source can be copied (See et al. 2017), including those outside the vocabulary.
  /// The weights are of a separate attention (CopyAttention) after the decoder.
  bool copy = false;
  int64_t pad = 0, unk = 1;  ///< ids
};

/// Fills in the defaults of all fields that are not set.
TransformerTokenDecoderOptions completed(TransformerTokenDecoderOptions options);

/// What a TransformerTokenDecoder attends to.
struct TokenMemory {
  Tensor values;        ///< [B, S, M]
  Tensor lengths = {};  ///< i64 [B]; undefined: S
  Tensor source = {};   ///< i64 [B, S]: ids of the memory's words, for the option `copy`
};

/// The results for T tokens.
struct TransformerTokenDecoderOutput {
  Tensor logits;   ///< [B, T, V]
  Tensor weights;  ///< [B, T, S] of copy_attention; undefined without the option `copy`
  Tensor gate;     ///< [B, T]: CopyMix::gate; undefined without the option `copy`
};

/// Decodes tokens from a memory of any encoder: words, regions of an image, frames of speech. Token
/// embeddings times sqrt(C) plus sinusoidal positions pass through a TransformerDecoder; the logits
/// are its output times the embedding's weight (Press and Wolf 2017). Parameters: `target.weight`,
/// the embedding, unless it is shared; `decoder` (TransformerDecoder), `copy_attention`, `copy`.
/// Example: nn::TransformerTokenDecoder(at, {.vocab_size = 30, .transformer = {.embed_dim = 8,
///     .num_heads = 2, .num_layers = 1}})({randn({2, 5, 8})}, randint(30, {2, 3})).logits
///     // shape [2, 3, 30]
class TransformerTokenDecoder {
 public:
  /// `shared` replaces the embedding. Throws ShapeError if its weight is not [V, C].
  TransformerTokenDecoder(const Scope& at, const TransformerTokenDecoderOptions& options,
                          const std::optional<Embedding>& shared = {});

  /// The results for each of the tokens i64 [B, T], given those before it.
  TransformerTokenDecoderOutput operator()(const TokenMemory& memory, const Tensor& ids) const;
  /// operator()'s logits; with copy, log probabilities [B, T, V + X], as copy_log_probs(). Throws
  /// ValueError with `copy` if TokenMemory::source is undefined.
  Tensor scores(const TokenMemory& memory, const Tensor& ids) const;
  /// Mean cross entropy of the tokens after the first of target i64 [B, T + 1], except padding,
  /// each given those before it. Throws ShapeError for another shape, and as scores().
  Tensor loss(const TokenMemory& memory, const Tensor& target, double label_smoothing = 0) const;
  /// The steps of a search, which refer to this decoder. Throws as scores().
  Decoder steps(const TokenMemory& memory) const;
  /// Beam search: the best target for each row of the batch, with the weights of the last layer's
  /// attention to the memory, averaged over heads, or with copy those of copy_attention. Throws as
  /// scores() and beam_search().
  std::vector<Hypothesis> search(const TokenMemory& memory, const BeamOptions& options = {}) const;

  /// The options with all defaults filled in.
  const TransformerTokenDecoderOptions& options() const { return options_; }

  TransformerDecoder decoder;
  Embedding target;                             ///< of tokens, [V, C]
  std::optional<CopyAttention> copy_attention;  ///< none unless options.copy
  std::optional<CopyGate> copy;                 ///< none unless options.copy
  AnyLayer dropout;                             ///< of the embeddings

 private:
  TransformerTokenDecoder(const Scope& at, const TransformerTokenDecoderOptions& options,
                          const std::optional<Embedding>& shared, std::nullptr_t);
  Tensor embed(const Tensor& ids, int64_t start) const;
  TransformerTokenDecoderOutput finish(const Tensor& out, const Tensor& embedded,
                                       const TokenMemory& memory, const Tensor& keys) const;

  TransformerTokenDecoderOptions options_;
};

}  // namespace tapehead::nn

// Question answering with the Universal Transformer: Dehghani et al., ICLR 2019, 3.1.
//
// B batch, M sentences, J words of a sentence, V vocabulary, C embedding.
#pragma once

#include <cstddef>

#include "tapehead/nn/memory/answer.h"
#include "tapehead/nn/models/universal.h"

namespace tapehead::nn {

struct UniversalQaConfig {
  int64_t vocab_size = 0;
  int64_t words = 0;  ///< maximum words of a sentence or question
  /// Of the encoder's layer. Where it is left open: embed_dim 128, num_heads 4, ffn_dim 512,
  /// dropout 0.1 (of the sentences too), and a kernel of 3 in the feed-forward part, by which a
  /// sentence sees those around it without attention.
  TransformerOptions transformer = {};
  UniversalOptions universal = {};
  /// The answer is read from the mean over all positions, as in the authors' program; else from the
  /// position of the question.
  bool mean_pool = true;
  double ponder_weight = 0.01;  ///< weight of the ponder cost in the loss
  Init init = init::normal();   ///< of the word embeddings
};

/// The config with every open field filled in.
UniversalQaConfig completed(UniversalQaConfig config);

/// With word embeddings A and learned factors F and G of the positions in a sentence and in the
/// question, initialized with 1 (Henaff et al. 2017, eq. 1), the input of the encoder is
///
///   sum_j G_j A q_j,   sum_j F_j A x_1j,   ...,   sum_j F_j A x_Mj
///
/// and the answer is softmax(W y + b) of the mean y of its outputs. The authors' program counts
/// positions from the first sentence and includes padding in the mean; here they count backwards
/// from the question, at 0, with a sentence of age a at a + 1, and padding is excluded.
///
/// Parameters: `words`, `sentence_factors`, `question_factors`, `encoder`, `answer`.
/// Example: nn::UniversalQa(at, {.vocab_size = 9, .words = 3, .transformer = {.embed_dim = 8,
///     .num_heads = 2, .num_layers = 1}})(stories).logits  // shape [2, 9]
class UniversalQa {
 public:
  /// Throws ValueError for sizes below 1.
  UniversalQa(Scope at, const UniversalQaConfig& config);

  /// attention_weights: the attention of the question to the sentences in each step, the mean over
  /// the heads; the rest to a sum of 1 is its attention to itself. Zero after the question has
  /// halted. Throws ShapeError for a sentence longer than `words`, IndexError for a token id
  /// outside the vocabulary.
  StoryOutput operator()(const data::StoryBatch& batch) const;
  Tensor loss(const data::StoryBatch& batch) const { return answer_loss((*this)(batch), batch); }

  /// The encoder's output for the question and the sentences, [B, 1 + M, C].
  UniversalOutput encode(const data::StoryBatch& batch) const;

  const UniversalQaConfig& config() const { return config_; }

  AnyLayer words;                             ///< A: Embedding at first, ids to [..., C]
  Tensor sentence_factors, question_factors;  ///< F and G [J, C]
  AnyLayer dropout;                           ///< of the encoder's input, [B, 1 + M, C]
  UniversalEncoder encoder;
  AnyLayer answer;  ///< W: Linear at first, [B, C] to [B, V]

 private:
  UniversalQa(Scope at, const UniversalQaConfig& config, std::nullptr_t);
  Tensor read(const Tensor& ids, const Tensor& factors) const;

  Scope at_;
  UniversalQaConfig config_;
};

}  // namespace tapehead::nn

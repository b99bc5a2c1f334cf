// The Universal Transformer as a reader of stories: Dehghani et al., ICLR 2019, 3.1.
//
// B batch, M sentences, J words of a sentence, V vocabulary, C width.
#pragma once

#include "tapehead/nn/memory/answer.h"
#include "tapehead/nn/models/universal.h"

namespace tapehead::nn {

struct UniversalQaConfig {
  int64_t vocab = 0;
  int64_t words = 0;  ///< of the longest sentence or question
  int64_t width = 128;
  int64_t heads = 4;
  int64_t hidden = 512;  ///< of the feed-forward part
  /// Of the layer's feed-forward part: with 3 a sentence sees those around it, without attention.
  int64_t kernel = 3;
  UniversalOptions universal = {};
  double dropout = 0.1;  ///< of the sentences, and in the layer
  bool pre_norm = true;  ///< as TransformerOptions has it
  /// The answer is read from the mean of all positions, as in the authors' program; else from the
  /// question's.
  bool mean_pool = true;
  double ponder_weight = 0.01;  ///< of the ponder cost in the loss
  Init init = init::normal();   ///< of the words' embeddings
};

/// Words x with embeddings A, and learned factors F of the places in a sentence, G of those in the
/// question, which start as 1 (Henaff et al. 2017, eq. 1): what the encoder reads is
///
///   sum_j G_j A q_j,   sum_j F_j A x_1j,   ...,   sum_j F_j A x_Mj
///
/// in this order, and the answer is softmax(W y + b) of the mean y of what it gives back. The
/// authors' program counts positions from the first sentence on and lets padding into the mean;
/// here they count back from the question, which is at 0, and a sentence of age a at a + 1.
///
/// Parameters: `words`, `sentence_factors`, `question_factors`, `encoder`, `answer`.
class UniversalQa {
 public:
  /// Throws ValueError for sizes below 1.
  UniversalQa(Scope at, const UniversalQaConfig& config);

  /// A look is what the question attends to in a step, the mean over the heads; what is missing to
  /// a sum of 1 went to the question itself. After the question has halted they are 0. Throws
  /// ShapeError for a sentence of more words than `words`, IndexError for an id outside of the
  /// vocabulary.
  Answered operator()(const data::StoryBatch& batch) const;
  Tensor loss(const data::StoryBatch& batch) const { return answer_loss((*this)(batch), batch); }

  /// What the encoder makes of the question and the sentences, [B, 1 + M, C].
  Pondered encode(const data::StoryBatch& batch) const;

  const UniversalQaConfig& config() const { return config_; }

 private:
  Tensor read(const Tensor& ids, const Tensor& factors) const;

  Scope at_;
  UniversalQaConfig config_;
  Embedding words_;
  Tensor sentence_factors_, question_factors_;  // [J, C]
  Dropout dropout_;
  UniversalEncoder encoder_;
  Linear answer_;
};

}  // namespace tapehead::nn

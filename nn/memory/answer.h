// Output and loss of networks that answer questions about stories.
//
// B batch, M sentences, J words of a sentence, V vocabulary, C embedding.
#pragma once

#include <vector>

#include "tapehead/data/story_batch.h"
#include "tapehead/nn/params.h"

namespace tapehead::nn {

/// Output of a memory network.
struct StoryOutput {
  Tensor logits;  ///< [B, V]
  /// Attention probabilities or gates over the sentences, one [B, M] per hop; empty for models
  /// without them.
  std::vector<Tensor> attention_weights;
  /// Added to the cross entropy of the answer in the loss; undefined if the model adds nothing.
  Tensor auxiliary_loss;
};

/// Mean cross entropy of the answers, plus auxiliary_loss if it is defined.
/// Example: nn::answer_loss({.logits = zeros({2, 9})}, stories)  // 2.1972
Tensor answer_loss(const StoryOutput& answered, const data::StoryBatch& batch);

/// Position encoding of a sentence, f32 [J, C] (Sukhbaatar et al. 2015, 4.1): factors of word
/// embeddings that make their sum depend on the order. With j and k from 1:
///
///   2 ((1 - j/J) - (k/C) (1 - 2 j/J))
///
/// The mean is 1, as for a bag of words; the factor 2 is from the authors' program, not the paper.
/// Example: nn::position_encoding(2, 3)  // [[1.0000, 1.0000, 1.0000], [0.6667, 1.3333, 2.0000]]
Tensor position_encoding(int64_t words, int64_t embed_dim);

}  // namespace tapehead::nn

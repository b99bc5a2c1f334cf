// Recurrent entity networks, Henaff, Weston, Szlam, Bordes and LeCun 2017.
//
// B batch, M sentences, J words of a sentence, N slots, C embedding, V vocabulary.
#pragma once

#include <vector>

#include "tapehead/nn/any_layer.h"
#include "tapehead/nn/memory/answer.h"

namespace tapehead::nn {

struct EntNetConfig {
  int64_t vocab_size = 0;
  int64_t words = 0;  ///< maximum words of a sentence or question
  int64_t embed_dim = 100;
  int64_t slots = 20;
  /// Token ids whose embeddings are the keys, one per slot; if empty, `slots` keys are learned.
  std::vector<int64_t> entities = {};
  bool prelu = true;  ///< phi is a parametric ReLU, initialized as the identity; else the identity
  Init init = init::normal(0.1);
};

/// A sentence is the sum over its words of f_j * e_j, with a learned mask f [J, C], initialized
/// with ones; the question q is read likewise, with a separate mask. The memory h is
/// entity_memory() (entity_memory.h). The answer attends to it:
///
///   p_j = softmax(q'h_j)
///   u = sum_j p_j h_j
///   y = R phi(q + H u)
///
/// attention_weights: one entry, sum_j p_j g_j of each sentence, its gates weighted by the answer's
/// attention to the slots.
///
/// The defaults are the paper's settings for bAbI, which go with Adam, lr 0.01, halved every 25
/// epochs for 200 epochs, batches of 32, gradients clipped to 40, and the last 70 sentences of a
/// story (130 for task 3). Parameters: `embedding.weight`, `mask`, `question_mask`, `keys`, `u`,
/// `v`, `w`, `slopes`, `hop.weight`, `answer.weight`.
/// Example: nn::EntNet(at, {.vocab_size = 9, .words = 3, .embed_dim = 8})(stories).logits
///     // shape [2, 9]
class EntNet {
 public:
  /// Throws ValueError for sizes below 1, IndexError for an entity outside the vocabulary.
  EntNet(Scope at, const EntNetConfig& config);

  /// Throws ShapeError for a sentence or question longer than `words`.
  StoryOutput operator()(const data::StoryBatch& batch) const;
  Tensor loss(const data::StoryBatch& batch) const { return answer_loss((*this)(batch), batch); }

  AnyLayer embedding;          ///< Embedding at first, ids to [..., C]
  Tensor mask, question_mask;  ///< f [words, C], of sentences and of the question
  Tensor keys;                 ///< [N, C]; undefined if `entities` are given
  Tensor u, v, w;              ///< U, V and W of entity_memory(), [C, C]
  Tensor slopes;               ///< of phi, [C]; undefined without prelu
  AnyLayer hop, answer;        ///< H and R: Linear at first, [B, C] to [B, C] and [B, V]

 private:
  Tensor phi(const Tensor& x) const;

  Scope at_;
  std::vector<int64_t> entities_;
};

}  // namespace tapehead::nn

// A recurrent entity network: a memory of the state of the world, updated as a story is read.
//
// B batch, M sentences, J words of a sentence, N slots, C width, V vocabulary.
#pragma once

#include "tapehead/nn/linear.h"
#include "tapehead/nn/memory/answer.h"

namespace tapehead::nn {

struct EntNetConfig {
  int64_t vocab = 0;
  int64_t words = 0;  ///< of the longest sentence or question
  int64_t width = 100;
  int64_t slots = 20;
  /// Words whose embeddings are the keys, one for each slot; otherwise `slots` keys are learned.
  std::vector<int64_t> entities = {};
  bool prelu = true;  ///< phi: a parametric ReLU that starts as the identity, or the identity
  Init init = init::normal(0.1);
};

/// Henaff et al. 2017. A sentence is the sum over its words of f_j * e_j, with a learned mask f [J,
/// C] that starts as ones; the question is read with a mask of its own, q. The memory h is
/// entity_memory() (autograd/entity_memory.h). The answer reads it by attention:
///
///   p_j = softmax(q'h_j)
///   u = sum_j p_j h_j
///   y = R phi(q + H u)
///
/// looks: one, sum_j p_j g_j of each sentence: how far it was written into the slots that the
/// answer was read from.
///
/// The paper's bAbI settings are the defaults, with Adam, lr 0.01, halved every 25 epochs up to
/// 200, batches of 32, gradients clipped to 40, and the last 70 sentences of a story (130 of task
/// 3). Parameters: embedding.weight, mask, question_mask, keys, u, v, w, slopes, hop.weight,
/// answer.weight.
class EntNet {
 public:
  /// Throws ValueError for sizes below 1, IndexError for an entity that is no word.
  EntNet(Scope at, const EntNetConfig& config);

  /// Throws ShapeError for a text of more than `words` words.
  Answered operator()(const data::StoryBatch& batch) const;
  Tensor loss(const data::StoryBatch& batch) const { return answer_loss((*this)(batch), batch); }

 private:
  Tensor phi(const Tensor& x) const;

  Scope at_;
  Embedding embedding_;
  Tensor mask_, question_mask_;
  std::vector<int64_t> entities_;
  Tensor keys_;  // undefined where entities are
  Tensor u_, v_, w_, slopes_;
  Linear hop_, answer_;
};

}  // namespace tapehead::nn

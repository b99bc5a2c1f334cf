// End-to-end memory networks: Sukhbaatar, Szlam, Weston and Fergus 2015.
//
// B batch, M sentences, J words of a sentence, V vocabulary, C embedding, K hops.
#pragma once

#include <memory>
#include <vector>

#include "tapehead/nn/any_layer.h"
#include "tapehead/nn/memory/answer.h"

namespace tapehead::nn {

/// Which embeddings the hops share (2.2).
enum class MemoryTying {
  /// The output embedding of a hop is the input embedding of the next, A^{k+1} = C^k; the question
  /// embedding is B = A^1, and the answer matrix W' = C^K.
  adjacent,
  /// All hops share A and C; u is multiplied by a matrix H between hops.
  layer_wise,
};

struct MemN2NConfig {
  int64_t vocab_size = 0;
  int64_t embed_dim = 20;
  int64_t hops = 3;
  int64_t memory = 50;                        ///< slots for sentences: the maximum age plus 1
  int64_t words = 0;                          ///< maximum words of a sentence or question
  MemoryTying tying = MemoryTying::adjacent;  ///< which embeddings are shared
  bool position_encoding = true;              ///< else a sentence is a bag of words
  bool temporal = true;                       ///< add embeddings of ages
  Init init = init::normal(0.1);
};

/// Sentences x_i have embeddings A and C, the question has embedding B: sums over words, weighted
/// by position l_j, plus an embedding T of the age:
///
///   m_i = sum_j l_j A x_ij + T_A(i)     c_i = sum_j l_j C x_ij + T_C(i)     u = sum_j l_j B q_j
///   p_i = softmax(u' m_i)               o = sum_i p_i c_i                   u <- u + o
///
/// for each hop, and the answer is softmax(W u). Slots of the memory without a sentence are zeros
/// and take part in the softmax, as in the authors' program: the model can attend to nothing,
/// without which yes/no questions are answered worse.
///
/// Parameters: `words.0.weight` …, `ages.0.weight` …; if tying is layer_wise, `question.weight`,
/// `step.weight` and `answer.weight`. Buffer: `factors`.
/// Example: nn::MemN2N(at, {.vocab_size = 9, .embed_dim = 8, .words = 3})(stories).logits
///     // shape [2, 9]
class MemN2N {
 public:
  /// Throws ValueError for sizes below 1.
  MemN2N(const Scope& at, const MemN2NConfig& config);

  /// attention_weights: p of each hop. Throws ShapeError for a sentence longer than `words`,
  /// IndexError for an age outside the memory or a token id outside the vocabulary.
  StoryOutput operator()(const data::StoryBatch& batch) const;
  Tensor loss(const data::StoryBatch& batch) const { return answer_loss((*this)(batch), batch); }

  /// Linear start (4.2): while on, the softmax of the hops is left out.
  void linear(bool on) const { *linear_ = on; }

  const MemN2NConfig& config() const { return config_; }

  /// Embedding at first, ids to [..., C]. adjacent: A^1, C^1 = A^2, …, C^K; layer_wise: A and C.
  std::vector<AnyLayer> words;
  std::vector<AnyLayer> ages;  ///< T of each of `words`; empty if not temporal
  AnyLayer question;           ///< B, Embedding; empty if adjacent: words[0]
  AnyLayer step;               ///< H, Linear, [B, C] to [B, C]; empty if adjacent
  AnyLayer answer;             ///< W, Linear, [B, C] to [B, V]; empty if adjacent: words.back()
  Tensor factors;              ///< l [words, C]; undefined without position_encoding

 private:
  Tensor read(const AnyLayer& embedding, const Tensor& ids) const;
  Tensor memories(size_t set, const data::StoryBatch& batch) const;

  MemN2NConfig config_;
  Scope at_;
  std::shared_ptr<bool> linear_;  // shared by copies
};

}  // namespace tapehead::nn

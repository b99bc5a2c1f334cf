// Dynamic memory networks (DMN+), Xiong, Merity and Socher 2016.
//
// B batch, M sentences, J words of a sentence, C embedding, V vocabulary.
#pragma once

#include <array>
#include <vector>

#include "tapehead/nn/any_layer.h"
#include "tapehead/nn/memory/answer.h"
#include "tapehead/nn/rnn.h"

namespace tapehead::nn {

/// A GRU whose update gate is the attention to each fact x_i (Xiong et al. 2016, 3.3), with h_0 =
/// 0:
///
///   r_i = sigmoid(W_r x_i + U_r h_{i-1} + b_r)
///   c_i = tanh(W x_i + r_i * U h_{i-1} + b)
///   h_i = g_i c_i + (1 - g_i) h_{i-1}
///
/// Parameters: `w`, `u`, `b`.
/// Example: nn::AttentionGru(at, 4)(randn({2, 5, 4}), rand({2, 5}), tensor({5, 3}))
///     // shape [2, 4]
class AttentionGru {
 public:
  AttentionGru(Scope at, int64_t embed_dim);
  /// facts [B, M, C], gates [B, M] in 0..1, lengths i64 [B]. Returns the last state of each
  /// sequence, [B, C].
  Tensor operator()(const Tensor& facts, const Tensor& gates, const Tensor& lengths) const;

  Tensor w, u;  ///< [2 C, C]: W_r above W, U_r above U
  Tensor b;     ///< [2 C]: b_r, then b

 private:
  Scope at_;
  int64_t embed_dim_;
};

struct DmnConfig {
  int64_t vocab_size = 0;
  int64_t words = 0;  ///< maximum words of a sentence
  int64_t embed_dim = 80;
  int64_t hops = 3;
  double dropout = 0.1;  ///< of the sentences and of the input of the answer layer
  /// Weight of the cross entropy of the attention, with supports[t] as the target of hop t (Kumar
  /// et al. 2016 train this first). 0: the attention is not supervised.
  double supervision = 0;
};

/// DMN+. A sentence is the sum of its words with position_encoding(); a bidirectional GRU over the
/// sentences gives the facts f_i, the sum of both directions, and a GRU over the words of the
/// question gives q. Starting from m = q, each hop t reads an episode c and updates the memory m:
///
///   z_i = [f_i * q; f_i * m; |f_i - q|; |f_i - m|]
///   g = softmax over i of W2 tanh(W1 z_i + b1) + b2
///   c = AttentionGru(f, g)
///   m = relu(W_t [m; c; q] + b_t)
///
/// The logits are W_a [q; m] + b_a. attention_weights: g of each hop. auxiliary_loss: the loss of
/// `supervision`, the mean over the hops that have a support.
///
/// The defaults are the paper's settings for bAbI, which go with Adam, lr 0.001, batches of 100 and
/// L2 regularization of 0.001. Parameters: `embedding.weight`, `fusion`, `question`, `attention.0`,
/// `attention.1`, `gru`, `memory.0` …, `answer`.
/// Example: nn::Dmn(at, {.vocab_size = 9, .words = 3, .embed_dim = 8})(stories).logits
///     // shape [2, 9]
class Dmn {
 public:
  /// Throws ValueError for options out of range.
  Dmn(Scope at, const DmnConfig& config);

  /// Throws ShapeError for a sentence longer than `words`.
  StoryOutput operator()(const data::StoryBatch& batch) const;
  Tensor loss(const data::StoryBatch& batch) const { return answer_loss((*this)(batch), batch); }

  AnyLayer embedding;                 ///< Embedding at first, ids to [..., C]
  Rnn fusion, question;               ///< GRU over the sentences, bidirectional; over the question
  std::array<AnyLayer, 2> attention;  ///< W1 and W2: Linear at first, [..., 4 C] to C, C to 1
  AttentionGru gru;
  std::vector<AnyLayer> memory;  ///< W_t: Linear at first, [B, 3 C] to [B, C], one per hop
  AnyLayer answer;               ///< W_a: Linear at first, [B, 2 C] to [B, V]

 private:
  Tensor facts_of(const data::StoryBatch& batch) const;
  Tensor question_of(const data::StoryBatch& batch) const;
  Tensor scores(const Tensor& facts, const Tensor& q, const Tensor& m) const;
  Tensor gate_loss(const std::vector<Tensor>& scores, const Tensor& supports) const;

  Scope at_;
  DmnConfig config_;
  Tensor places_;
};

}  // namespace tapehead::nn

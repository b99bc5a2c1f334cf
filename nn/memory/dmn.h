// A dynamic memory network: episodes of reading a story with a question in mind.
//
// B batch, M sentences, J words of a sentence, C width, V vocabulary.
#pragma once

#include "tapehead/nn/linear.h"
#include "tapehead/nn/memory/answer.h"
#include "tapehead/nn/rnn.h"

namespace tapehead::nn {

/// A GRU whose update gate is the attention to each fact x_i (Xiong et al. 2016, 3.3), from h = 0:
///
///   r_i = sigmoid(W_r x_i + U_r h_{i-1} + b_r)
///   c_i = tanh(W x_i + r_i * U h_{i-1} + b)
///   h_i = g_i c_i + (1 - g_i) h_{i-1}
///
/// Parameters: w and u [2 C, C], b [2 C], those of r first.
class AttentionGru {
 public:
  AttentionGru(Scope at, int64_t width);
  /// Facts [B, M, C], gates [B, M] from 0 to 1, lengths i64 [B]: the last state of each, [B, C].
  Tensor operator()(const Tensor& facts, const Tensor& gates, const Tensor& lengths) const;

 private:
  Scope at_;
  int64_t width_;
  Tensor w_, u_, b_;
};

struct DmnConfig {
  int64_t vocab = 0;
  int64_t words = 0;  ///< of the longest sentence
  int64_t width = 80;
  int64_t hops = 3;
  double dropout = 0.1;  ///< of the sentences, and of what the answer is made from
  /// How much the cross entropy of the attention counts, where hop t should look at supports[t]:
  /// what Kumar et al. 2016 train first. 0: attention is left to learn by itself.
  double supervision = 0;
};

/// DMN+, Xiong, Merity and Socher 2016. Sentences are sums of words with position_encoding(); a
/// bidirectional GRU over them gives the facts f_i, the sum of both directions. A GRU over the
/// question's words gives q. Then, from m = q, each hop t reads an episode c and renews the memory:
///
///   z_i = [f_i * q; f_i * m; |f_i - q|; |f_i - m|]
///   g = softmax over i of W2 tanh(W1 z_i + b1) + b2
///   c = AttentionGru(f, g)
///   m = relu(W_t [m; c; q] + b_t)
///
/// The logits are W_a [q; m] + b_a. looks: g of each hop. extra_loss: that of `supervision`, the
/// mean over the hops that have a support.
///
/// The paper's bAbI settings are the defaults, with Adam, lr 0.001, batches of 100, L2 0.001 of
/// weights. Parameters: embedding.weight, fusion, question, attention.0, attention.1, gru,
/// memory.0 …, answer.
class Dmn {
 public:
  /// Throws ValueError for options out of range.
  Dmn(Scope at, const DmnConfig& config);

  /// Throws ShapeError for a sentence of more than `words` words.
  Answered operator()(const data::StoryBatch& batch) const;
  Tensor loss(const data::StoryBatch& batch) const { return answer_loss((*this)(batch), batch); }

 private:
  Tensor facts_of(const data::StoryBatch& batch) const;
  Tensor question_of(const data::StoryBatch& batch) const;
  Tensor scores(const Tensor& facts, const Tensor& q, const Tensor& m) const;
  Tensor gate_loss(const std::vector<Tensor>& scores, const Tensor& supports) const;

  Scope at_;
  DmnConfig config_;
  Tensor places_;
  Embedding embedding_;
  Rnn fusion_, question_;
  Linear attention1_, attention2_;
  AttentionGru gru_;
  std::vector<Linear> memory_;
  Linear answer_;
};

}  // namespace tapehead::nn

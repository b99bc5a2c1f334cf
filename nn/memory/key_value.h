// A key-value memory network: addressed by keys, read as values.
//
// B batch, M memories, J words, C width, V vocabulary.
#pragma once

#include "tapehead/nn/linear.h"
#include "tapehead/nn/memory/answer.h"

namespace tapehead::nn {

struct KeyValueConfig {
  int64_t vocab = 0;
  int64_t words = 0;  ///< of the longest text; with `positions`
  int64_t width = 50;
  int64_t hops = 3;
  int64_t memory = 0;     ///< sentences of a story that have an embedding of their age; 0: none has
  bool positions = true;  ///< words count by position_encoding(); otherwise all alike
  bool tied = false;      ///< answers have the embedding of words: B is A
  Init init = init::normal(0.1);
};

/// Facts with a question about them, in ids padded with 0: such as "Blade Runner directed" with the
/// value "Ridley Scott".
struct KeyValueFacts {
  Tensor keys;      ///< i64 [B, M, J]
  Tensor values;    ///< i64 [B, M, J']
  Tensor counts;    ///< i64 [B]: how many there are, at least 1; undefined: M
  Tensor question;  ///< i64 [B, J'']
};

/// Miller et al. 2016, 3.1. With phi the features of a text, a bag of its words, and q = A phi(x)
/// of the question, each hop addresses, reads and renews:
///
///   p_i = softmax(q'A phi_K(k_i))
///   o = sum_i p_i A phi_V(v_i)
///   q = R_j (q + o)
///
/// The logits are q'B over all words. Of a story, each sentence is a key and a value, and both have
/// an embedding of their age, one for keys and one for values; slots of the memory without a
/// sentence are zeros and take part in the softmax, as in MemN2N. looks: p of each hop.
///
/// Parameters: embedding.weight (A), answer.weight (B), hops.0.weight (R_1) …, key_time.weight,
/// value_time.weight.
class KeyValue {
 public:
  /// Throws ValueError for sizes below 1.
  KeyValue(Scope at, const KeyValueConfig& config);

  /// Throw ShapeError for a text of more than `words` words, for a story of more than `memory`
  /// sentences, and for facts that do not fit together.
  Answered operator()(const data::StoryBatch& batch) const;
  Answered operator()(const KeyValueFacts& facts) const;
  Tensor loss(const data::StoryBatch& batch) const { return answer_loss((*this)(batch), batch); }

 private:
  Tensor read(const Tensor& ids) const;
  Answered answer(Tensor q, const Tensor& keys, const Tensor& values, const Tensor& counts,
                  int64_t slots) const;

  Scope at_;
  KeyValueConfig config_;
  Tensor places_;  // undefined: words count alike
  Embedding embedding_;
  std::vector<Linear> hops_;
  std::vector<Embedding> times_;  // of keys, of values; empty without
  Tensor answers_;
};

}  // namespace tapehead::nn

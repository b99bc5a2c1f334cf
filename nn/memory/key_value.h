// Key-value memory networks, Miller et al. 2016.
//
// B batch, M memories, J words, C embedding, V vocabulary.
#pragma once

#include <vector>

#include "tapehead/nn/any_layer.h"
#include "tapehead/nn/memory/answer.h"

namespace tapehead::nn {

struct KeyValueConfig {
  int64_t vocab_size = 0;
  int64_t words = 0;  ///< maximum words of a text; used by `positions`
  int64_t embed_dim = 50;
  int64_t hops = 3;
  int64_t memory = 0;     ///< number of ages of sentences with an embedding; 0: no age embeddings
  bool positions = true;  ///< words are weighted by position_encoding(); else equally
  bool tied = false;      ///< answers share the embedding of words: B = A
  Init init = init::normal(0.1);
};

/// Facts and a question about them, as token ids padded with 0, such as the key "Blade Runner
/// directed" with the value "Ridley Scott".
struct KeyValueFacts {
  Tensor keys;      ///< i64 [B, M, J]
  Tensor values;    ///< i64 [B, M, J']
  Tensor counts;    ///< i64 [B]: number of facts, at least 1; undefined: M
  Tensor question;  ///< i64 [B, J'']
};

/// Miller et al. 2016, 3.1. With phi(x) the bag of words of a text x, and q = A phi(question), each
/// hop addresses keys, reads values and updates q:
///
///   p_i = softmax(q'A phi_K(k_i))
///   o = sum_i p_i A phi_V(v_i)
///   q = R_j (q + o)
///
/// The logits are q'B over all words. Each sentence of a story is both a key and a value, with
/// separate embeddings of its age for keys and values; slots of the memory without a sentence are
/// zeros and take part in the softmax, as in MemN2N. attention_weights: p of each hop.
///
/// Parameters: `embedding.weight` (A), `answer.weight` (B), `hops.0.weight` (R_1) …,
/// `key_time.weight`, `value_time.weight`.
/// Example: nn::KeyValue(at, {.vocab_size = 9, .words = 3, .embed_dim = 8})(stories).logits
///     // shape [2, 9]
class KeyValue {
 public:
  /// Throws ValueError for sizes below 1.
  KeyValue(Scope at, const KeyValueConfig& config);

  /// Both throw ShapeError for a text longer than `words`, a story of more than `memory` sentences,
  /// and facts whose shapes do not match.
  StoryOutput operator()(const data::StoryBatch& batch) const;
  StoryOutput operator()(const KeyValueFacts& facts) const;
  Tensor loss(const data::StoryBatch& batch) const { return answer_loss((*this)(batch), batch); }

  AnyLayer embedding;             ///< A: Embedding at first, ids to [..., C]
  std::vector<AnyLayer> hops;     ///< R: Linear at first, [B, C] to [B, C]
  AnyLayer key_time, value_time;  ///< Embedding at first, ages to [B, M, C]; empty if memory = 0
  AnyLayer answer;                ///< B: Linear at first, [B, C] to [B, V]; empty if tied

 private:
  Tensor read(const Tensor& ids) const;
  StoryOutput run(Tensor q, const Tensor& keys, const Tensor& values, const Tensor& counts,
                  int64_t slots) const;

  Scope at_;
  KeyValueConfig config_;
  Tensor places_;  // undefined without `positions`
};

}  // namespace tapehead::nn

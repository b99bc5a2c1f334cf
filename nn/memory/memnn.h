// Memory networks with supervised supporting sentences, Weston, Chopra and Bordes 2014.
//
// B batch, M sentences, J words of a sentence, C embedding, V vocabulary.
#pragma once

#include "tapehead/nn/any_layer.h"
#include "tapehead/nn/memory/answer.h"

namespace tapehead::nn {

struct MemNNConfig {
  int64_t vocab_size = 0;
  int64_t words = 0;  ///< maximum words of a sentence or question
  int64_t embed_dim = 100;
  int64_t hops = 3;       ///< maximum number of sentences to choose
  double margin = 0.1;    ///< margin of the ranking loss
  bool nonlinear = true;  ///< texts are matched after tanh layers; else directly
  Init init = init::normal(0.1);
};

/// Memory networks, Weston, Chopra and Bordes 2014, with adaptive memories and nonlinear matching
/// as in Weston et al. 2015. Sentences are chosen one by one: given o_1 … o_k, k below `hops`, the
/// next one maximizes s over the remaining sentences:
///
///   e = tanh(L tanh(A x + B o_k + D (o_1 + … + o_{k-1}) + t_k) + l)
///   s(m) = e'(tanh(F m) + [m older than o_k] a + [m older than o_{k-1}] b)
///
/// After the first sentence, the search ends when e'stop exceeds s. Texts are bags of words with
/// position_encoding(). Times are compared as in the paper, by adding e'n, of either sign, to the
/// newer of two sentences: candidates are compared from the oldest on, and each replaces the best
/// so far if s(newer) + e'n > s(older). The logits of the answer are s_R(w) = e_R'w, where e_R is
/// computed as e with separate embeddings.
///
/// The loss is the paper's: with the supports as the sentences found so far, the sum over hops and
/// alternatives (remaining sentences, the end, other words) of
/// max(0, margin - (s(right) - s(alternative))), with e'n added for the newer of two sentences, and
/// the mean over the batch. The supports of a story end at its first -1.
///
/// attention_weights: the choice of each hop, one-hot, zeros after the search of a story has ended.
/// Parameters: `find.question.weight`, `find.last.weight`, `find.earlier.weight`, `find.step`,
/// `find.match.weight` and `.bias`, the same of `respond`, `candidates.weight`, `answers.weight`,
/// `newer`, `older`, `older_still`, `stop`.
/// Example: nn::MemNN(at, {.vocab_size = 9, .words = 3, .embed_dim = 8})(stories).logits
///     // shape [2, 9]
class MemNN {
 public:
  /// Throws ValueError for options out of range.
  MemNN(Scope at, const MemNNConfig& config);

  /// Finds the sentences itself; supports are not read. Throws ShapeError for a text longer than
  /// `words`.
  StoryOutput operator()(const data::StoryBatch& batch) const;
  /// Throws ValueError if a story has no support.
  Tensor loss(const data::StoryBatch& batch) const;

  /// The parts of e.
  struct Query {
    AnyLayer question, last, earlier;  ///< A, B and D: Embedding at first, ids to [..., C]
    Tensor step;                       ///< t [hops + 1, C]
    AnyLayer match;                    ///< L and l: Linear at first, [B, C] to [B, C]
  };
  Query find, respond;  ///< of the next sentence, and of the answer
  AnyLayer candidates;  ///< F: Embedding at first, ids to [..., C]
  AnyLayer answers;     ///< e_R' w of all words: Linear at first, [B, C] to [B, V]
  Tensor newer, older, older_still, stop;  ///< n, a, b and stop, [C]

 private:
  // Sentences found so far, f32 or f64 [B, M] of 0 and 1.
  struct Found {
    Tensor last, before, all;
    void add(const Tensor& chosen);
    Tensor counts() const;  // [B]
  };
  // Embeddings of the question and the sentences by A, B and D.
  struct Texts {
    Tensor question, last, earlier;
  };
  struct Scores {
    Tensor sentences;    // [B, M]
    Tensor stop, newer;  // [B, 1]
  };

  static Query make_query(const Scope& at, const MemNNConfig& config);
  Texts read(const Query& query, const data::StoryBatch& batch) const;
  Tensor encode(const Query& query, const Texts& texts, const Found& found) const;
  Found nothing(const data::StoryBatch& batch) const;
  Tensor read_candidates(const data::StoryBatch& batch) const;
  Scores score(const Tensor& e, const Tensor& sentences, const Found& found,
               const data::StoryBatch& batch) const;
  Tensor choose(int64_t hop, const Scores& scores, const Found& found,
                const data::StoryBatch& batch) const;
  Tensor hop_loss(int64_t hop, const Scores& scores, Found& found, const Tensor& support,
                  const data::StoryBatch& batch) const;

  Scope at_;
  MemNNConfig config_;
  Tensor places_;
};

}  // namespace tapehead::nn

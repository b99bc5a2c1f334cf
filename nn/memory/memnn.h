// A memory network that is told which sentences matter, and learns to find them one by one.
//
// B batch, M sentences, J words of a sentence, C width, V vocabulary.
#pragma once

#include "tapehead/nn/linear.h"
#include "tapehead/nn/memory/answer.h"

namespace tapehead::nn {

struct MemNNConfig {
  int64_t vocab = 0;
  int64_t words = 0;  ///< of the longest sentence or question
  int64_t width = 100;
  int64_t hops = 3;       ///< sentences that it may choose
  double margin = 0.1;    ///< by which what is right must score higher
  bool nonlinear = true;  ///< texts are matched after layers of tanh; otherwise as they are
  Init init = init::normal(0.1);
};

/// Memory networks, Weston, Chopra and Bordes 2014, with adaptive memories and nonlinear matching
/// as in Weston et al. 2015. Sentences are chosen in turn: with o_1 … o_k found, k below `hops`,
/// the next one is the best of those left by
///
///   e = tanh(L tanh(A x + B o_k + D (o_1 + … + o_{k-1}) + t_k) + l)
///   s(m) = e'(tanh(F m) + [m older than o_k] a + [m older than o_{k-1}] b)
///
/// and none is chosen any more when s scores e'stop higher: at least one is. Texts are bags of
/// words with position_encoding(). As the paper compares times, of two sentences the newer one has
/// e'n added, in favour of it or not: candidates are taken from the oldest on, and each displaces
/// the best so far when s(newer) + e'n > s(older). The answer's logits are s_R(w) = e_R'w, of e_R
/// like e with embeddings of its own.
///
/// The loss is the paper's: with the supports as what was found before, a sum over hops and rivals
/// (sentences left, the end, other words) of max(0, margin - (s(right) - s(rival))), with e'n added
/// for the newer of two sentences; the mean over the batch. A story's supports end at its first -1.
///
/// looks: the choice of each hop, 1 at the sentence, zeros where a story had ended. Parameters:
/// find.question.weight, find.last.weight, find.earlier.weight, find.step, find.match.*, the same
/// of `respond`, candidates.weight, answers.weight, newer, older, older_still, stop.
class MemNN {
 public:
  /// Throws ValueError for options out of range.
  MemNN(Scope at, const MemNNConfig& config);

  /// Looks for sentences itself; supports are not read. Throws ShapeError for a text of more than
  /// `words` words.
  Answered operator()(const data::StoryBatch& batch) const;
  /// Throws ValueError when a story has no support.
  Tensor loss(const data::StoryBatch& batch) const;

 private:
  // Sentences found so far, f32 or f64 [B, M] of 0 and 1.
  struct Found {
    Tensor last, before, all;
    void add(const Tensor& chosen);
    Tensor counts() const;  // [B]
  };
  // The question and the sentences as A, B and D read them.
  struct Texts {
    Tensor question, last, earlier;
  };
  // e of the question and what was found.
  class Query {
   public:
    Query(const Scope& at, const MemNNConfig& config);
    Texts read(const data::StoryBatch& batch, const Tensor& places) const;
    Tensor operator()(const Texts& texts, const Found& found) const;

   private:
    Embedding question_, last_, earlier_;
    Tensor step_;
    Linear match_;
    bool nonlinear_;
  };
  struct Scores {
    Tensor sentences;    // [B, M]
    Tensor stop, newer;  // [B, 1]
  };

  Found nothing(const data::StoryBatch& batch) const;
  Tensor candidates(const data::StoryBatch& batch) const;
  Scores score(const Tensor& e, const Tensor& candidates, const Found& found,
               const data::StoryBatch& batch) const;
  Tensor choose(int64_t hop, const Scores& scores, const Found& found,
                const data::StoryBatch& batch) const;
  Tensor hop_loss(int64_t hop, const Scores& scores, Found& found, const Tensor& support,
                  const data::StoryBatch& batch) const;

  Scope at_;
  MemNNConfig config_;
  Tensor places_;
  Query find_, respond_;
  Embedding candidates_;
  Linear answers_;
  Tensor newer_, older_, older_still_, stop_;
};

}  // namespace tapehead::nn

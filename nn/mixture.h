// A mixture of experts: many feed-forward parts, of which each token goes through a few.
//
// N tokens, C width, E experts, K experts of a token.
#pragma once

#include <vector>

#include "tapehead/nn/feed_forward.h"

namespace tapehead::nn {

struct MixtureOptions {
  int64_t experts = 8;
  int64_t top_k = 2;  ///< experts that each token goes through
  /// An expert takes at most this times its even share of the tokens, N top_k / experts, the first
  /// ones; 0: all that come. For those that it drops it gives 0, and no other steps in.
  double capacity = 0;
};

/// What a mixture made of its tokens, and how it spread them.
struct Mixed {
  Tensor out;
  /// How unevenly tokens are spread: E sum_e f_e p_e, with f_e the share of choices that fell on
  /// expert e and p_e its mean probability (Fedus et al. 2021, eq. 4). 1 where all are even; added
  /// to the loss, times 0.01 for example, it keeps experts from being forgotten.
  Tensor balance;
  std::vector<int64_t> tokens;  ///< of each expert, before any are dropped
  int64_t dropped = 0;          ///< choices beyond the capacity
};

/// Shazeer et al. 2017; with top_k 1 the Switch layer of Fedus et al. 2021: a router gives each
/// token a softmax over the experts; it goes through the K most probable ones, whose results are
/// added with their probabilities as weights, divided by the sum of the K. (A single one is not
/// divided: the router would learn nothing.) Tokens of one expert go through it together, and
/// nothing else is computed. Parameters: `router.weight`, `experts.0.up.weight` …
class MixtureOfExperts {
 public:
  /// `expert` is each expert's options. Throws ValueError for options out of range, and for a
  /// kernel.
  MixtureOfExperts(Scope at, const FeedForwardOptions& expert, const MixtureOptions& options);

  /// x [..., C] to Mixed::out [..., C].
  Mixed operator()(const Tensor& x) const;

 private:
  Scope at_;
  MixtureOptions options_;
  Linear router_;
  std::vector<FeedForward> experts_;
};

}  // namespace tapehead::nn

// A mixture of experts: feed-forward layers, of which each token goes through a few.
//
// N tokens, C embedding, E experts, K experts of a token.
#pragma once

#include <vector>

#include "tapehead/nn/feed_forward.h"

namespace tapehead::nn {

struct MixtureOptions {
  int64_t num_experts = 8;  ///< E
  int64_t top_k = 2;        ///< K
  /// An expert takes at most this times its even share of the tokens, N K / E, the first ones; the
  /// output of choices beyond it is 0. 0: no limit.
  double capacity_factor = 0;
};

/// Output and load of the experts.
struct MoeOutput {
  Tensor out;  ///< [..., C]
  /// How unevenly tokens are spread: E sum_e f_e p_e, with f_e the share of choices that fell on
  /// expert e and p_e its mean probability (Fedus et al. 2021, eq. 4). 1 where all are even; added
  /// to the loss, times 0.01 for example, it keeps experts from being forgotten.
  Tensor balance_loss;
  std::vector<int64_t> tokens_per_expert;  ///< before any are dropped
  int64_t dropped = 0;                     ///< choices beyond the capacity
};

/// Shazeer et al. 2017; with top_k 1 the Switch layer of Fedus et al. 2021: a router gives each
/// token a softmax over the experts; it goes through the K most probable ones, whose results are
/// added with their probabilities as weights, divided by the sum of the K. (A single one is not
/// divided: the router would learn nothing.) Tokens of one expert go through it together, and
/// no other experts are computed. Parameters: `router.weight`, `experts.0.up.weight` …
class MixtureOfExperts {
 public:
  /// `expert` is each expert's options. Throws ValueError for options out of range, and for a
  /// kernel.
  MixtureOfExperts(Scope at, const FeedForwardOptions& expert, const MixtureOptions& options);

  /// x [..., C] to MoeOutput::out [..., C].
  MoeOutput operator()(const Tensor& x) const;

  Linear router;
  std::vector<FeedForward> experts;

 private:
  Scope at_;
  MixtureOptions options_;
};

}  // namespace tapehead::nn

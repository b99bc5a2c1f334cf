// Mixture of experts: feed-forward layers of which each token uses a few.
//
// N tokens, C embedding, E experts, K experts per token.
#pragma once

#include <vector>

#include "tapehead/nn/feed_forward.h"

namespace tapehead::nn {

struct MixtureOptions {
  int64_t num_experts = 8;  ///< E
  int64_t top_k = 2;        ///< K
  /// An expert takes at most capacity_factor N K / E tokens, in the order of the input; the output
  /// of an expert for a token beyond that is 0. 0: no limit.
  double capacity_factor = 0;
};

/// Output and load of the experts.
struct MoeOutput {
  Tensor out;  ///< [..., C]
  /// Load balancing loss, E sum_e f_e p_e, where f_e is the share of the N K choices that selected
  /// expert e and p_e its mean probability (Fedus et al. 2021, eq. 4). 1 for an even load; added to
  /// the loss with a small weight, such as 0.01.
  Tensor balance_loss;
  std::vector<int64_t> tokens_per_expert;  ///< tokens that selected each expert, dropped ones too
  int64_t dropped = 0;                     ///< choices beyond the capacity
};

/// Sparsely gated mixture of experts (Shazeer et al. 2017; with top_k = 1 the Switch layer of Fedus
/// et al. 2021). With p = softmax(router(x)) of a token and its K most probable experts,
///
///   y = sum_k g_k expert_k(x),   g_k = p_k / sum_j p_j   (top_k = 1: g = p, so that the router
///                                                         has a gradient)
///
/// Only the selected experts are computed, each for all of its tokens together. Parameters:
/// `router.weight`, `experts.0.up.weight` … (FeedForward).
/// Example: nn::MixtureOfExperts(at, {.embed_dim = 64}, {.num_experts = 4})(randn({8, 20, 64}))
///     // shape [8, 20, 64]
class MixtureOfExperts {
 public:
  /// `expert` are the options of each expert. Throws ValueError for options out of range, and for a
  /// kernel_size above 1.
  MixtureOfExperts(Scope at, const FeedForwardOptions& expert, const MixtureOptions& options);

  /// x [..., C] to MoeOutput::out [..., C]. Throws ShapeError.
  MoeOutput operator()(const Tensor& x) const;

  AnyLayer router;                ///< Linear at first: [N, C] to [N, E]
  std::vector<AnyLayer> experts;  ///< FeedForward at first: [n, C] to [n, C]

 private:
  Scope at_;
  int64_t embed_dim_;
  MixtureOptions options_;
};

}  // namespace tapehead::nn

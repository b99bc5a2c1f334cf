// Muon.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tapehead/optim/optimizer.h"

namespace tapehead::optim {

/// The factor of the learning rate for a matrix of A × B.
enum class MuonAdjustLr {
  original,         ///< sqrt(max(1, A / B)), of Jordan et al. 2024
  match_rms_adamw,  ///< 0.2 sqrt(max(A, B)), for the learning rates of AdamW: Liu et al. 2025
};

struct MuonOptions {
  Option<double> lr{"lr", 1e-3, kAboveZero};
  /// The parameter is multiplied by 1 - lr * weight_decay.
  Option<double> weight_decay{"weight_decay", 0.1, kZeroOrMore};
  Option<double> momentum{"momentum", 0.95, kBelowOne};
  Option<bool> nesterov{"nesterov", true};
  /// Of X, X XᵀX and X (XᵀX)² in each Newton-Schulz step.
  Option<std::array<double, 3>> ns_coefficients{
      "ns_coefficients", {3.4445, -4.7750, 2.0315}, kFinite};
  Option<double> eps{"eps", 1e-7, kAboveZero};  ///< lower limit of the norm that is divided by
  Option<int64_t> ns_steps{
      "ns_steps", 5, {[](double x) { return x >= 0 && x < 100; }, "at least 0 and below 100"}};
  Option<MuonAdjustLr> adjust_lr_fn{"adjust_lr_fn", MuonAdjustLr::original};
};

/// Muon (Jordan et al. 2024), as in PyTorch: the update is the momentum with all its singular
/// values moved to about 1, by Newton-Schulz steps. Trains matrices only; train biases, norms,
/// embeddings and the output layer with another optimizer:
///
///   std::vector<nn::Param> matrices, others;
///   for (const nn::Param& p : params.all())
///     if (!p.is_buffer) (p.value.dim() == 2 ? matrices : others).push_back(p);
///   optim::Muon muon(matrices, {.lr = 0.02});
///   optim::AdamW adamw(others, {.lr = 3e-4});
///
/// The Newton-Schulz steps are computed in the type of the state, f32 or f64; PyTorch's are rounded
/// to bf16.
/// Example: nn::Linear fc(at, 2, 1, {.bias = false}); optim::Muon(at.params(), {.lr = 0.02}).lr()
///     // 0.02
class Muon : public Optimizer {
 public:
  /// Throws as Optimizer's constructor, and ShapeError for a parameter that is not a matrix.
  explicit Muon(const ParamList& params, const MuonOptions& options = {},
                const std::vector<GroupRule<MuonOptions>>& groups = {});

 private:
  void update(Parameter& parameter) override;
};

}  // namespace tapehead::optim

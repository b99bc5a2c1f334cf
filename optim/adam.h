// Adam and AdamW.
#pragma once

#include <array>

#include "tapehead/optim/optimizer.h"

namespace tapehead::optim {

struct AdamOptions {
  double lr = 1e-3;
  /// How much of the two moments, of the gradient and of its square, each step keeps.
  std::array<double, 2> betas = {0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 0;  ///< times the parameter, added to its gradient
  bool amsgrad = false;     ///< divides by the largest second moment so far: Reddi et al. 2018
  bool maximize = false;
};

/// Kingma and Ba 2015, as PyTorch has it.
class Adam : public Optimizer {
 public:
  /// Trains every parameter of the model. Throws ValueError for options outside their range, for
  /// patterns that fit nothing, and when there are no parameters.
  explicit Adam(const nn::Params& params, const AdamOptions& options = {},
                std::vector<GroupRule> groups = {});
  /// Trains these: `optim::Adam opt({{"image", image}}, {.lr = 0.05})`.
  explicit Adam(const std::vector<nn::Param>& params, const AdamOptions& options = {},
                std::vector<GroupRule> groups = {});

 protected:
  Adam(const char* name, const AdamOptions& options, bool decoupled, std::vector<GroupRule> groups);

 private:
  void update(const detail::Updates& updates, double grad_scale) override;

  AdamOptions options_;
  bool decoupled_;
};

struct AdamWOptions {
  double lr = 1e-3;
  std::array<double, 2> betas = {0.9, 0.999};  ///< as Adam's
  double eps = 1e-8;
  double weight_decay = 0.01;  ///< each step takes lr × weight_decay off every parameter
  bool amsgrad = false;        ///< as Adam's
  bool maximize = false;
};

/// Adam with decoupled weight decay: Loshchilov and Hutter 2019, as PyTorch has it.
class AdamW : public Adam {
 public:
  /// As Adam's.
  explicit AdamW(const nn::Params& params, const AdamWOptions& options = {},
                 std::vector<GroupRule> groups = {});
  explicit AdamW(const std::vector<nn::Param>& params, const AdamWOptions& options = {},
                 std::vector<GroupRule> groups = {});
};

}  // namespace tapehead::optim

// Optimizers as users write them, using only public headers.
#pragma once

#include <functional>
#include <vector>

#include "tapehead/autograd/ops.h"
#include "tapehead/optim/optimizer.h"

namespace tapehead::test {

struct LionOptions {
  optim::Option<double> lr{"lr", 1e-4, optim::kAboveZero};
  optim::Option<double> beta1{"beta1", 0.9, optim::kBelowOne};
  optim::Option<double> beta2{"beta2", 0.99, optim::kBelowOne};
  optim::Option<double> weight_decay{"weight_decay", 0, optim::kZeroOrMore};
};

// Chen et al. 2023
struct Lion : optim::Optimizer {
  explicit Lion(const optim::ParamList& params, const LionOptions& options = {},
                const std::vector<optim::GroupRule<LionOptions>>& groups = {})
      : Optimizer("Lion", params, options, {"m"}, groups) {}
  void update(optim::Parameter& p) override {
    Tensor& m = p.state("m");
    const double lr = p.option("lr");
    p.value.mul_(1 - lr * p.option("weight_decay"));
    p.value.sub_(lr * sign(lerp(p.grad, m, p.option("beta1"))));
    m = lerp(p.grad, m, p.option("beta2"));
  }
};

// An optimizer implemented as a single function.
struct Simple : optim::Optimizer {
  struct Options {
    optim::Option<double> lr{"lr", 1, optim::kAboveZero};
  };
  std::function<void(optim::Parameter&)> change;

  explicit Simple(const optim::ParamList& params, std::function<void(optim::Parameter&)> f,
                  std::vector<optim::StateSpec> states = {})
      : Optimizer("Simple", params, Options(), std::move(states)), change(std::move(f)) {}
  void update(optim::Parameter& p) override { change(p); }
};

}  // namespace tapehead::test

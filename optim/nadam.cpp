#include "tapehead/optim/nadam.h"

#include <cmath>
#include <optional>

#include "tapehead/optim/detail/adam_step.h"

namespace tapehead::optim {
NAdam::NAdam(const ParamList& params, const NAdamOptions& options,
             const std::vector<GroupRule<NAdamOptions>>& groups)
    : Optimizer("NAdam", params, options,
                {"exp_avg", "exp_avg_sq", {"mu_product", StateSpec::one_number}}, groups) {}

void NAdam::update_all(Step& step) {
  std::vector<kernels::AdamNumbers> numbers;
  numbers.reserve(step.size());
  for (size_t i = 0; i < step.size(); ++i) {
    const auto o = step.group(i).options<NAdamOptions>();
    const double lr = o.lr, decay = o.weight_decay, beta1 = o.betas.value()[0],
                 beta2 = o.betas.value()[1];
    const auto t = static_cast<double>(step.step(i));
    const auto mu_at = [&](double n) {
      return beta1 * (1 - 0.5 * std::pow(0.96, n * o.momentum_decay));
    };
    const double mu = mu_at(t), mu_next = mu_at(t + 1);
    Tensor& mu_product = step.state(i, "mu_product");
    mu_product.fill_(step.step(i) == 1 ? mu : mu * mu_product.item());
    const double product = mu_product.item();
    numbers.push_back({.grad_scale = o.maximize ? -step.grad_scale() : step.grad_scale(),
                       .weight_decay = o.decoupled_weight_decay ? 0 : decay,
                       .keep = o.decoupled_weight_decay ? 1 - lr * decay : 1,
                       .beta1 = beta1,
                       .beta2 = beta2,
                       .step_size = lr * mu_next / (1 - product * mu_next),
                       .root_scale = 1 / std::sqrt(1 - std::pow(beta2, t)),
                       .eps = o.eps,
                       .grad_step = lr * (1 - mu) / (1 - product)});
  }
  detail::run_adam(step, numbers);
}

}  // namespace tapehead::optim

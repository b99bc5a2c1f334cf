#include "tapehead/optim/radam.h"

#include <cmath>

#include "tapehead/optim/detail/adam_step.h"

namespace tapehead::optim {

RAdam::RAdam(const ParamList& params, const RAdamOptions& options,
             const std::vector<GroupRule<RAdamOptions>>& groups)
    : Optimizer("RAdam", params, options, {"exp_avg", "exp_avg_sq"}, groups) {}

void RAdam::update_all(Step& step) {
  const auto numbers = [&](const ParamGroup& group, int64_t count) {
    const auto o = group.options<RAdamOptions>();
    const double lr = o.lr, decay = o.weight_decay, beta1 = o.betas.value()[0],
                 beta2 = o.betas.value()[1];
    const double power2 = std::pow(beta2, count), correction2 = 1 - power2;
    const double rho = 2 / (1 - beta2) - 1;
    const double rho_t = rho - 2 * static_cast<double>(count) * power2 / correction2;
    kernels::AdamNumbers out{.grad_scale = o.maximize ? -step.grad_scale() : step.grad_scale(),
                             .weight_decay = o.decoupled_weight_decay ? 0 : decay,
                             .keep = o.decoupled_weight_decay ? 1 - lr * decay : 1,
                             .beta1 = beta1,
                             .beta2 = beta2,
                             .step_size = lr / (1 - std::pow(beta1, count)),
                             .root_scale = 1,  // eps is added before the bias correction
                             .eps = o.eps,
                             .adaptive = rho_t > 5};
    if (out.adaptive)
      out.step_size *= std::sqrt(correction2 * (rho_t - 4) * (rho_t - 2) * rho /
                                 ((rho - 4) * (rho - 2) * rho_t));
    return out;
  };
  detail::run_adam(step, detail::numbers_of<kernels::AdamNumbers>(step, numbers));
}

}  // namespace tapehead::optim

#include "tapehead/optim/adamax.h"

#include <cmath>

#include "tapehead/optim/adamax_kernel.h"
#include "tapehead/optim/detail/numbers.h"

namespace tapehead::optim {

Adamax::Adamax(const ParamList& params, const AdamaxOptions& options,
               const std::vector<GroupRule<AdamaxOptions>>& groups)
    : Optimizer("Adamax", params, options, {"exp_avg", "exp_inf"}, groups) {}

void Adamax::update_all(Step& step) {
  const auto numbers = detail::numbers_of<kernels::AdamaxNumbers>(step, [&](const ParamGroup& group,
                                                                            int64_t count) {
    const auto o = group.options<AdamaxOptions>();
    const double beta1 = o.betas.value()[0], beta2 = o.betas.value()[1];
    return kernels::AdamaxNumbers{.grad_scale = o.maximize ? -step.grad_scale() : step.grad_scale(),
                                  .weight_decay = o.weight_decay,
                                  .beta1 = beta1,
                                  .beta2 = beta2,
                                  .step_size = o.lr / (1 - std::pow(beta1, count)),
                                  .eps = o.eps};
  });
  step.run([&](size_t i, const Piece& piece) {
    kernels::adamax(step.dtype(i)).step(piece, numbers[i]);
  });
}

}  // namespace tapehead::optim

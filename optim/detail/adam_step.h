// The step of Adam and AdamW.
#pragma once

#include <cmath>
#include <span>

#include "tapehead/optim/adam_kernel.h"
#include "tapehead/optim/detail/numbers.h"

namespace tapehead::optim::detail {

/// Runs the Adam kernel over all parameters of a step.
inline void run_adam(Step& step, std::span<const kernels::AdamNumbers> numbers) {
  step.run(
      [&](size_t i, const Piece& piece) { kernels::adam(step.dtype(i)).step(piece, numbers[i]); });
}

/// A step of Adam or, if `decoupled`, of AdamW.
template <class Options>
void adam_step(Step& step, bool decoupled) {
  const auto numbers = [&](const ParamGroup& group, int64_t count) {
    const auto o = group.options<Options>();
    const double lr = o.lr, decay = o.weight_decay, beta1 = o.betas.value()[0],
                 beta2 = o.betas.value()[1];
    const double correction1 = 1 - std::pow(beta1, count);
    const double root_correction2 = std::sqrt(1 - std::pow(beta2, count));
    return kernels::AdamNumbers{.grad_scale = o.maximize ? -step.grad_scale() : step.grad_scale(),
                                .weight_decay = decoupled ? 0 : decay,
                                .keep = decoupled ? 1 - lr * decay : 1,
                                .beta1 = beta1,
                                .beta2 = beta2,
                                .step_size = lr / correction1,
                                .root_scale = 1 / root_correction2,
                                .eps = o.eps};
  };
  run_adam(step, numbers_of<kernels::AdamNumbers>(step, numbers));
}

}  // namespace tapehead::optim::detail

#include "tapehead/optim/lion.h"

#include "tapehead/optim/detail/numbers.h"
#include "tapehead/optim/lion_kernel.h"

namespace tapehead::optim {

Lion::Lion(const ParamList& params, const LionOptions& options,
           const std::vector<GroupRule<LionOptions>>& groups)
    : Optimizer("Lion", params, options, {"exp_avg"}, groups) {}

void Lion::update_all(Step& step) {
  const auto numbers = detail::numbers_of<kernels::LionNumbers>(step, [&](const ParamGroup& group,
                                                                          int64_t) {
    const auto o = group.options<LionOptions>();
    return kernels::LionNumbers{.grad_scale = o.maximize ? -step.grad_scale() : step.grad_scale(),
                                .keep = 1 - o.lr * o.weight_decay,
                                .lr = o.lr,
                                .beta1 = o.betas.value()[0],
                                .beta2 = o.betas.value()[1]};
  });
  step.run(
      [&](size_t i, const Piece& piece) { kernels::lion(step.dtype(i)).step(piece, numbers[i]); });
}

}  // namespace tapehead::optim

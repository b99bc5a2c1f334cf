#include "tapehead/optim/rmsprop.h"

#include "tapehead/optim/rmsprop_kernel.h"

namespace tapehead::optim {

RMSprop::RMSprop(const ParamList& params, const RMSpropOptions& options,
                 const std::vector<GroupRule<RMSpropOptions>>& groups)
    : Optimizer("RMSprop", params, options,
                {"square_avg", {"grad_avg", "centered"}, {"momentum_buffer", "momentum"}}, groups) {
}

void RMSprop::update_all(Step& step) {
  std::vector<kernels::RmspropNumbers> numbers;
  numbers.reserve(step.size());
  const ParamGroup* group = nullptr;
  for (size_t i = 0; i < step.size(); ++i) {
    if (&step.group(i) == group) {
      numbers.push_back(numbers.back());
      continue;
    }
    group = &step.group(i);
    const auto o = group->options<RMSpropOptions>();
    numbers.push_back({.grad_scale = o.maximize ? -step.grad_scale() : step.grad_scale(),
                       .weight_decay = o.weight_decay,
                       .lr = o.lr,
                       .alpha = o.alpha,
                       .eps = o.eps,
                       .momentum = o.momentum,
                       .centered = o.centered});
  }
  step.run([&](size_t i, const Piece& piece) {
    kernels::rmsprop(step.dtype(i)).step(piece, numbers[i]);
  });
}

}  // namespace tapehead::optim

#include "tapehead/optim/sgd.h"

#include <fmt/format.h>

#include "tapehead/core/error.h"
#include "tapehead/optim/sgd_kernel.h"

namespace tapehead::optim {

void SGDOptions::check(const char* optimizer) const {
  if (nesterov && (momentum == 0 || dampening != 0))
    throw ValueError(
        fmt::format("{}: nesterov is on; it needs momentum above 0 and dampening = 0", optimizer));
}

SGD::SGD(const ParamList& params, const SGDOptions& options,
         const std::vector<GroupRule<SGDOptions>>& groups)
    : Optimizer("SGD", params, options, {{"momentum_buffer", "momentum"}}, groups) {}

void SGD::update_all(Step& step) {
  std::vector<kernels::SgdNumbers> numbers;
  numbers.reserve(step.size());
  const ParamGroup* group = nullptr;
  SGDOptions o;
  for (size_t i = 0; i < step.size(); ++i) {
    if (&step.group(i) != group) {
      group = &step.group(i);
      o = group->options<SGDOptions>();
    }
    numbers.push_back({.grad_scale = o.maximize ? -step.grad_scale() : step.grad_scale(),
                       .lr = o.lr,
                       .weight_decay = o.weight_decay,
                       .momentum = o.momentum,
                       .intake = step.step(i) == 1 ? 1 : 1 - o.dampening,
                       .nesterov = o.nesterov});
  }
  step.run(
      [&](size_t i, const Piece& piece) { kernels::sgd(step.dtype(i)).step(piece, numbers[i]); });
}

}  // namespace tapehead::optim

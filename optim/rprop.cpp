#include "tapehead/optim/rprop.h"

#include <fmt/format.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/error.h"

namespace tapehead::optim {

void RpropOptions::check(const char* optimizer) const {
  const auto [shrink, grow] = etas.value();
  if (!(shrink < 1 && grow > 1))
    throw ValueError(
        fmt::format("{}: etas = {{{}, {}}}; the first must be below 1 and the second above 1",
                    optimizer, shrink, grow));
  const auto [least, most] = step_sizes.value();
  if (least > most)
    throw ValueError(fmt::format("{}: step_sizes = {{{}, {}}}; they must be in ascending order",
                                 optimizer, least, most));
}

Rprop::Rprop(const ParamList& params, const RpropOptions& options,
             const std::vector<GroupRule<RpropOptions>>& groups)
    : Optimizer("Rprop", params, options, {"prev", "step_size"}, groups) {}

void Rprop::update(Parameter& p) {
  const auto o = p.options<RpropOptions>();
  Tensor &prev = p.state("prev"), &step_size = p.state("step_size");
  if (p.step == 1) step_size.fill_(static_cast<double>(o.lr));
  const Tensor agreement = p.grad * prev, turned = agreement < 0;
  const auto [shrink, grow] = o.etas.value();
  const Tensor size =
      where(turned, shrink * step_size, where(agreement > 0, grow * step_size, step_size));
  step_size = clamp(size, o.step_sizes.value()[0], o.step_sizes.value()[1]);
  prev = where(turned, 0, p.grad);
  const Tensor change = sign(prev) * step_size;
  p.value.sub_(o.maximize ? -change : change);
}

}  // namespace tapehead::optim

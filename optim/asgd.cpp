#include "tapehead/optim/asgd.h"

#include <algorithm>
#include <cmath>

#include "tapehead/autograd/ops.h"

namespace tapehead::optim {

ASGD::ASGD(const ParamList& params, const ASGDOptions& options,
           const std::vector<GroupRule<ASGDOptions>>& groups)
    : Optimizer("ASGD", params, options, {"ax"}, groups) {}

void ASGD::update(Parameter& p) {
  const auto o = p.options<ASGDOptions>();
  const auto before = static_cast<double>(p.step - 1);  // steps before this one
  const double eta = o.lr / std::pow(1 + o.lambd * o.lr * before, o.alpha);
  const double share = 1 / std::max(1.0, before - o.t0);
  Tensor g = o.maximize ? -p.grad : p.grad;
  if (o.weight_decay != 0) g = g + p.option("weight_decay") * p.value;
  p.value.mul_(1 - o.lambd * eta);
  p.value.sub_(eta * g);
  Tensor& average = p.state("ax");
  if (share == 1) average.copy_(p.value);
  else average.add_(share * (p.value - average));
}

}  // namespace tapehead::optim

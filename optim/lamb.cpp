#include "tapehead/optim/lamb.h"

#include <cmath>

#include "tapehead/autograd/ops.h"

namespace tapehead::optim {

LAMB::LAMB(const ParamList& params, const LAMBOptions& options,
           const std::vector<GroupRule<LAMBOptions>>& groups)
    : Optimizer("LAMB", params, options, {"exp_avg", "exp_avg_sq"}, groups) {}

void LAMB::update(Parameter& p) {
  const auto o = p.options<LAMBOptions>();
  const double beta1 = o.betas.value()[0], beta2 = o.betas.value()[1];
  Tensor &m = p.state("exp_avg"), &v = p.state("exp_avg_sq");
  m = lerp(m, o.maximize ? -p.grad : p.grad, 1 - beta1);
  v = lerp(v, square(p.grad), 1 - beta2);
  const double correction1 = 1 - std::pow(beta1, p.step);
  const double root_correction2 = std::sqrt(1 - std::pow(beta2, p.step));
  Tensor update = m / correction1 / (sqrt(v) / root_correction2 + p.option("eps"));
  if (o.weight_decay != 0) update = update + p.option("weight_decay") * p.value;
  const double size = norm(p.value).item(), update_size = norm(update).item();
  const double trust = size > 0 && update_size > 0 ? size / update_size : 1;
  p.value.sub_(o.lr * trust * update);
}

}  // namespace tapehead::optim

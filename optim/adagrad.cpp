#include "tapehead/optim/adagrad.h"

#include "tapehead/autograd/ops.h"

namespace tapehead::optim {

Adagrad::Adagrad(const ParamList& params, const AdagradOptions& options,
                 const std::vector<GroupRule<AdagradOptions>>& groups)
    : Optimizer("Adagrad", params, options, {"sum"}, groups) {}

void Adagrad::update(Parameter& p) {
  const double lr = p.option("lr") / (1 + static_cast<double>(p.step - 1) * p.option("lr_decay"));
  const Tensor g =
      (p.option("maximize") != 0 ? -p.grad : p.grad) + p.option("weight_decay") * p.value;
  Tensor& sum = p.state("sum");
  if (p.step == 1) sum.fill_(p.option("initial_accumulator_value"));
  sum.add_(square(g));
  p.value.sub_(lr * g / (sqrt(sum) + p.option("eps")));
}

}  // namespace tapehead::optim

#include "tapehead/optim/adadelta.h"

#include "tapehead/optim/adadelta_kernel.h"
#include "tapehead/optim/detail/numbers.h"

namespace tapehead::optim {

Adadelta::Adadelta(const ParamList& params, const AdadeltaOptions& options,
                   const std::vector<GroupRule<AdadeltaOptions>>& groups)
    : Optimizer("Adadelta", params, options, {"square_avg", "acc_delta"}, groups) {}

void Adadelta::update_all(Step& step) {
  const auto numbers =
      detail::numbers_of<kernels::AdadeltaNumbers>(step, [&](const ParamGroup& group, int64_t) {
        const auto o = group.options<AdadeltaOptions>();
        return kernels::AdadeltaNumbers{
            .grad_scale = o.maximize ? -step.grad_scale() : step.grad_scale(),
            .weight_decay = o.weight_decay,
            .lr = o.lr,
            .rho = o.rho,
            .eps = o.eps};
      });
  step.run([&](size_t i, const Piece& piece) {
    kernels::adadelta(step.dtype(i)).step(piece, numbers[i]);
  });
}

}  // namespace tapehead::optim

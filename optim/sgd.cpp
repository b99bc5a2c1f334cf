#include "tapehead/optim/sgd.h"

#include <cmath>

#include "tapehead/core/error.h"
#include "tapehead/optim/detail/check.h"
#include "tapehead/optim/detail/updates.h"

namespace tapehead::optim {

SGD::SGD(const SGDOptions& options, std::vector<GroupRule> groups)
    : Optimizer("SGD", options.lr, options.weight_decay, std::move(groups),
                options.momentum != 0 ? std::vector<std::string>{"momentum_buffer"}
                                      : std::vector<std::string>{}),
      options_(options) {
  const double momentum = options.momentum, dampening = options.dampening;
  detail::check_option(momentum >= 0 && std::isfinite(momentum), "SGD", "momentum", momentum,
                       "0 or more");
  detail::check_option(std::isfinite(dampening), "SGD", "dampening", dampening, "finite");
  if (options.nesterov && (momentum == 0 || dampening != 0))
    throw ValueError("SGD: nesterov is on; it needs momentum above 0 and dampening = 0");
}

SGD::SGD(const nn::Params& params, const SGDOptions& options, std::vector<GroupRule> groups)
    : SGD(options, std::move(groups)) {
  train(params);
}

SGD::SGD(const std::vector<nn::Param>& params, const SGDOptions& options,
         std::vector<GroupRule> groups)
    : SGD(options, std::move(groups)) {
  train(params);
}

void SGD::update(const detail::Updates& updates, double grad_scale) {
  const kernels::OptimKernels& kernel = *kernels::table().optim;
  updates.run([&](size_t i, const kernels::OptimPiece& piece) {
    const detail::Update& u = updates.all()[i];
    kernel.sgd[static_cast<int>(u.dtype())](
        piece, {.grad_scale = options_.maximize ? -grad_scale : grad_scale,
                .lr = u.lr,
                .weight_decay = u.weight_decay,
                .momentum = options_.momentum,
                .intake = u.step == 1 ? 1 : 1 - options_.dampening,
                .nesterov = options_.nesterov});
  });
}

}  // namespace tapehead::optim

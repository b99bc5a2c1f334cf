#include "tapehead/optim/rmsprop.h"

#include <cmath>

#include "tapehead/optim/detail/check.h"
#include "tapehead/optim/detail/updates.h"

namespace tapehead::optim {
namespace {

std::vector<std::string> slots(const RMSpropOptions& o) {
  std::vector<std::string> names{"square_avg"};
  if (o.centered) names.emplace_back("grad_avg");
  if (o.momentum != 0) names.emplace_back("momentum_buffer");
  return names;
}

}  // namespace

RMSprop::RMSprop(const RMSpropOptions& options, std::vector<GroupRule> groups)
    : Optimizer("RMSprop", options.lr, options.weight_decay, std::move(groups), slots(options)),
      options_(options) {
  const double alpha = options.alpha, eps = options.eps, momentum = options.momentum;
  detail::check_option(alpha >= 0 && alpha < 1, "RMSprop", "alpha", alpha,
                       "at least 0 and below 1");
  detail::check_option(eps >= 0 && std::isfinite(eps), "RMSprop", "eps", eps, "0 or more");
  detail::check_option(momentum >= 0 && std::isfinite(momentum), "RMSprop", "momentum", momentum,
                       "0 or more");
}

RMSprop::RMSprop(const nn::Params& params, const RMSpropOptions& options,
                 std::vector<GroupRule> groups)
    : RMSprop(options, std::move(groups)) {
  train(params);
}

RMSprop::RMSprop(const std::vector<nn::Param>& params, const RMSpropOptions& options,
                 std::vector<GroupRule> groups)
    : RMSprop(options, std::move(groups)) {
  train(params);
}

void RMSprop::update(const detail::Updates& updates, double grad_scale) {
  const kernels::OptimKernels& kernel = *kernels::table().optim;
  updates.run([&](size_t i, const kernels::OptimPiece& piece) {
    const detail::Update& u = updates.all()[i];
    kernel.rmsprop[static_cast<int>(u.dtype())](
        piece, {.grad_scale = options_.maximize ? -grad_scale : grad_scale,
                .weight_decay = u.weight_decay,
                .lr = u.lr,
                .alpha = options_.alpha,
                .eps = options_.eps,
                .momentum = options_.momentum,
                .centered = options_.centered});
  });
}

}  // namespace tapehead::optim

#include "tapehead/optim/adam.h"

#include <fmt/format.h>

#include <cmath>

#include "tapehead/core/error.h"
#include "tapehead/optim/detail/check.h"
#include "tapehead/optim/detail/updates.h"

namespace tapehead::optim {
namespace {

std::vector<std::string> slots(bool amsgrad) {
  if (amsgrad) return {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"};
  return {"exp_avg", "exp_avg_sq"};
}

AdamOptions adam_options(const AdamWOptions& o) {
  return {o.lr, o.betas, o.eps, o.weight_decay, o.amsgrad, o.maximize};
}

}  // namespace

Adam::Adam(const char* name, const AdamOptions& options, bool decoupled,
           std::vector<GroupRule> groups)
    : Optimizer(name, options.lr, options.weight_decay, std::move(groups), slots(options.amsgrad)),
      options_(options),
      decoupled_(decoupled) {
  for (const double beta : options.betas)
    if (!(beta >= 0 && beta < 1))
      throw ValueError(fmt::format("{}: betas = {{{}, {}}}; each must be at least 0 and below 1",
                                   name, options.betas[0], options.betas[1]));
  detail::check_option(options.eps >= 0 && std::isfinite(options.eps), name, "eps", options.eps,
                       "0 or more");
}

Adam::Adam(const nn::Params& params, const AdamOptions& options, std::vector<GroupRule> groups)
    : Adam("Adam", options, false, std::move(groups)) {
  train(params);
}

Adam::Adam(const std::vector<nn::Param>& params, const AdamOptions& options,
           std::vector<GroupRule> groups)
    : Adam("Adam", options, false, std::move(groups)) {
  train(params);
}

AdamW::AdamW(const nn::Params& params, const AdamWOptions& options, std::vector<GroupRule> groups)
    : Adam("AdamW", adam_options(options), true, std::move(groups)) {
  train(params);
}

AdamW::AdamW(const std::vector<nn::Param>& params, const AdamWOptions& options,
             std::vector<GroupRule> groups)
    : Adam("AdamW", adam_options(options), true, std::move(groups)) {
  train(params);
}

void Adam::update(const detail::Updates& updates, double grad_scale) {
  std::vector<kernels::AdamNumbers> numbers;
  numbers.reserve(updates.all().size());
  int64_t step = 0;
  double correction1 = 1, root_correction2 = 1;
  for (const detail::Update& u : updates.all()) {
    if (u.step != step) {  // most parameters have the same count
      step = u.step;
      correction1 = 1 - std::pow(options_.betas[0], step);
      root_correction2 = std::sqrt(1 - std::pow(options_.betas[1], step));
    }
    numbers.push_back({.grad_scale = options_.maximize ? -grad_scale : grad_scale,
                       .weight_decay = decoupled_ ? 0 : u.weight_decay,
                       .keep = decoupled_ ? 1 - u.lr * u.weight_decay : 1,
                       .beta1 = options_.betas[0],
                       .beta2 = options_.betas[1],
                       .step_size = u.lr / correction1,
                       .root_scale = 1 / root_correction2,
                       .eps = options_.eps});
  }
  const kernels::OptimKernels& kernel = *kernels::table().optim;
  updates.run([&](size_t i, const kernels::OptimPiece& piece) {
    kernel.adam[static_cast<int>(updates.all()[i].dtype())](piece, numbers[i]);
  });
}

}  // namespace tapehead::optim

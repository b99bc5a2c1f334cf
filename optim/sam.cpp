#include "tapehead/optim/sam.h"

#include <cmath>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/error.h"
#include "tapehead/optim/detail/check.h"
#include "tapehead/optim/state.h"

namespace tapehead::optim {

SAM::SAM(Optimizer& optimizer, const SAMOptions& options)
    : optimizer_(optimizer), options_(options) {
  detail::check_option(options.rho >= 0 && std::isfinite(options.rho), "SAM", "rho", options.rho,
                       "0 or more");
}

double SAM::first_step() {
  if (away_)
    throw GraphError(
        "SAM: the weights are perturbed already; call second_step() after first_step()");
  const NoGradGuard no_grad;
  moved_.clear();
  std::vector<Tensor> directions;
  double squares = 0;
  for (const nn::Param& p : optimizer_.parameters()) {
    if (!p.value.requires_grad() || !p.value.grad().defined()) continue;
    p.check_own_weights("SAM", "first_step()");
    const DType type = detail::state_type(p.value.dtype());
    const Tensor g = p.value.grad().to(type), w = p.value.detach().to(type);
    squares += std::pow(norm(options_.adaptive ? abs(w) * g : g).item(), 2);
    directions.push_back(options_.adaptive ? square(w) * g : g);
    moved_.push_back({p.value, p.value.detach().clone()});
  }
  const double norm = std::sqrt(squares);
  const double scale = norm > 0 ? options_.rho / norm : 0;
  for (size_t i = 0; i < moved_.size(); ++i) {
    const Tensor& w = moved_[i].parameter;
    w.copy_(w.to(directions[i].dtype()) + scale * directions[i]);
  }
  away_ = true;
  return norm;
}

void SAM::second_step(const StepOptions& options) {
  if (!away_)
    throw GraphError("SAM: second_step() without a first_step(); call first_step() before");
  move_back();
  optimizer_.step(options);
}

void SAM::move_back() {
  const NoGradGuard no_grad;
  for (const Moved& m : moved_) m.parameter.copy_(m.original);
  moved_.clear();
  away_ = false;
}

Tensor SAM::step(const Closure& closure, const StepOptions& options) {
  const AutoGradMode on(true);
  Tensor loss = closure();
  first_step();
  try {
    closure();
  } catch (...) {
    move_back();
    throw;
  }
  second_step(options);
  return loss;
}

}  // namespace tapehead::optim

#include "tapehead/nn/eval_guard.h"

#include "tapehead/nn/detail/params_state.h"

namespace tapehead::nn {

EvalGuard::EvalGuard(const Params& params) {
  for (const auto& place : params.state_->places)
    if (place->training) trained_.push_back(place);
  params.eval();
}

EvalGuard::~EvalGuard() {
  for (const auto& place : trained_) place->training = true;
}

}  // namespace tapehead::nn

// Evaluation mode in a scope.
#pragma once

#include <memory>
#include <vector>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/nn/params.h"

namespace tapehead::nn {

/// While in scope, every layer of the model is in evaluation mode and this thread does not record
/// gradients, as between PyTorch's model.eval() under no_grad() and model.train(). Then each layer
/// is in the mode that it was in before.
///
///   double accuracy(const nn::Params& params, const Net& net, const data::ImageBatch& test) {
///     const nn::EvalGuard eval(params);
///     return mean((argmax(net(test.images), 1) == test.labels).to(f64)).item();
///   }
class EvalGuard {
 public:
  explicit EvalGuard(const Params& params);
  ~EvalGuard();
  EvalGuard(const EvalGuard&) = delete;
  EvalGuard& operator=(const EvalGuard&) = delete;

 private:
  std::vector<std::shared_ptr<Scope::Place>> trained_;  // those that were in training mode
  NoGradGuard no_grad_;
};

}  // namespace tapehead::nn

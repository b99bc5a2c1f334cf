// The optimizer kernels on every instruction set; their results are tested with the optimizers.
#include <cmath>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/optim/adadelta.h"
#include "tapehead/optim/adam.h"
#include "tapehead/optim/adamax.h"
#include "tapehead/optim/adamw.h"
#include "tapehead/optim/average.h"
#include "tapehead/optim/clip.h"
#include "tapehead/optim/lion.h"
#include "tapehead/optim/nadam.h"
#include "tapehead/optim/radam.h"
#include "tapehead/optim/rmsprop.h"
#include "tapehead/optim/sgd.h"
#include "tapehead/tests/kernel_test.h"

namespace tapehead::op_tests {
namespace {

constexpr int64_t kSize = 1021;

Tensor trained(const Tensor& value, const Tensor& gradient) {
  Tensor w = value.detach().clone();
  w.set_requires_grad().set_grad(gradient.detach());
  return w;
}

/// Three steps on the first operand, with the second as the gradient: returns the value, then the
/// state.
template <class Opt, class Options>
Sample steps(const Options& options) {
  return {.operands = {Shape{kSize}, {Shape{kSize}, 0.5, 2}},
          .call =
              [options](const Tensors& x) {
                const Tensor w = trained(x[0], x[1]);
                Opt opt({{"w", w}}, options);
                for (int i = 0; i < 3; ++i) opt.step({.grad_scale = 0.75});
                Tensors out{w.detach()};
                for (const auto& [name, tensor] : opt.save().tensors)
                  out.push_back(tensor.to(w.dtype()));
                return out;
              },
          .reduces = 8,
          .differentiable = false,
          .roundings = 4};
}

Sample averages(double decay) {
  return {.operands = {Shape{kSize}, Shape{kSize}},
          .call =
              [decay](const Tensors& x) {
                nn::Params params(1);
                const Tensor w = params.root().param("w", {kSize}, nn::init::zeros());
                params.to(x[0].dtype());
                optim::Ema ema(params, decay);
                for (const Tensor& value : x) {
                  const NoGradGuard no_grad;
                  w.copy_(value);
                  ema.update();
                }
                return Tensors{ema.averages()[0].value.to(x[0].dtype())};
              },
          .reduces = 8,
          .differentiable = false,
          .roundings = 4};
}

/// The gradient after f, and f's result.
template <class F>
Sample gradients(F f) {
  return {.operands = {Shape{kSize}},
          .call =
              [f](const Tensors& x) {
                const Tensor w = trained(x[0], x[0].detach().clone());
                const std::vector<nn::Param> params = {{"w", w}};
                const double norm = f(params);
                return Tensors{w.grad(), full({}, norm, x[0].dtype())};
              },
          .reduces = kSize,
          .differentiable = false,
          .roundings = 4};
}

double norm(const std::vector<nn::Param>& params, double type) {
  return optim::clip_grad_norm_(params, 0.5, {.norm_type = type});
}

}  // namespace

TAPEHEAD_KERNEL_TEST(sgd)
    .sample(steps<optim::SGD>(optim::SGDOptions{.lr = 0.1, .weight_decay = 0.1}))
    .sample(steps<optim::SGD>(optim::SGDOptions{.lr = 0.1, .momentum = 0.9}))
    .sample(steps<optim::SGD>(optim::SGDOptions{.lr = 0.1, .momentum = 0.9, .nesterov = true}));

TAPEHEAD_KERNEL_TEST(adam)
    .sample(steps<optim::Adam>(optim::AdamOptions{.lr = 0.1, .weight_decay = 0.1}))
    .sample(steps<optim::AdamW>(optim::AdamWOptions{.lr = 0.1, .amsgrad = true}))
    .sample(steps<optim::NAdam>(optim::NAdamOptions{.lr = 0.1}))
    .sample(steps<optim::RAdam>(optim::RAdamOptions{.lr = 0.1}));

TAPEHEAD_KERNEL_TEST(adadelta).sample(steps<optim::Adadelta>(optim::AdadeltaOptions{
    .eps = 0.1, .weight_decay = 0.1}));

TAPEHEAD_KERNEL_TEST(adamax).sample(steps<optim::Adamax>(optim::AdamaxOptions{
    .lr = 0.1, .weight_decay = 0.1}));

TAPEHEAD_KERNEL_TEST(lion).sample(steps<optim::Lion>(optim::LionOptions{.lr = 0.1,
                                                                        .weight_decay = 0.1}));

TAPEHEAD_KERNEL_TEST(rmsprop)
    .sample(steps<optim::RMSprop>(optim::RMSpropOptions{.lr = 0.1, .weight_decay = 0.1}))
    .sample(steps<optim::RMSprop>(optim::RMSpropOptions{
        .lr = 0.1, .alpha = 0.5, .momentum = 0.9, .centered = true}));

TAPEHEAD_KERNEL_TEST(average).sample(averages(0.5)).sample(averages(0.9));

TAPEHEAD_KERNEL_TEST(clip)
    .sample(gradients([](const auto& params) { return norm(params, 1); }))
    .sample(gradients([](const auto& params) { return norm(params, 2); }))
    .sample(gradients([](const auto& params) { return norm(params, INFINITY); }))
    .sample(gradients([](const auto& params) {
      optim::clip_grad_value_(params, 0.5);
      return 0.0;
    }));

}  // namespace tapehead::op_tests

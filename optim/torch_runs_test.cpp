// Twelve steps of each optimizer against recorded PyTorch runs.
#include "tapehead/tests/oracles/optim_runs.h"

#include <algorithm>
#include <memory>

#include "tapehead/optim/adam.h"
#include "tapehead/optim/adamw.h"
#include "tapehead/optim/rmsprop.h"
#include "tapehead/optim/sgd.h"
#include "tapehead/tests/optim_tools.h"

using namespace tapehead;
using namespace tapehead::test;

namespace {

std::unique_ptr<optim::Optimizer> make(const TorchRun& r, const std::vector<nn::Param>& params) {
  const std::string kind = r.optimizer;
  if (kind == "SGD")
    return std::make_unique<optim::SGD>(params, optim::SGDOptions{.lr = r.lr,
                                                                  .momentum = r.momentum,
                                                                  .dampening = r.dampening,
                                                                  .weight_decay = r.weight_decay,
                                                                  .nesterov = r.nesterov,
                                                                  .maximize = r.maximize});
  if (kind == "Adam")
    return std::make_unique<optim::Adam>(params,
                                         optim::AdamOptions{.lr = r.lr,
                                                            .betas = {r.betas[0], r.betas[1]},
                                                            .eps = r.eps,
                                                            .weight_decay = r.weight_decay,
                                                            .amsgrad = r.amsgrad,
                                                            .maximize = r.maximize});
  if (kind == "RMSprop")
    return std::make_unique<optim::RMSprop>(params,
                                            optim::RMSpropOptions{.lr = r.lr,
                                                                  .alpha = r.alpha,
                                                                  .eps = r.eps,
                                                                  .weight_decay = r.weight_decay,
                                                                  .momentum = r.momentum,
                                                                  .centered = r.centered,
                                                                  .maximize = r.maximize});
  return std::make_unique<optim::AdamW>(params,
                                        optim::AdamWOptions{.lr = r.lr,
                                                            .betas = {r.betas[0], r.betas[1]},
                                                            .eps = r.eps,
                                                            .weight_decay = r.weight_decay,
                                                            .amsgrad = r.amsgrad,
                                                            .maximize = r.maximize});
}

void give_gradients(const Tensor& a, const Tensor& b, const std::vector<double>& all) {
  const auto end_of_a = all.begin() + static_cast<std::ptrdiff_t>(kStartA.size());
  give(a, {all.begin(), end_of_a});
  if (end_of_a == all.end()) b.set_grad({});
  else give(b, {end_of_a, all.end()});
}

// The values of a and b after all steps.
std::vector<double> train(const TorchRun& run, DType dtype) {
  const Tensor a = leaf(kStartA, dtype), b = leaf(kStartB, dtype);
  const auto opt = make(run, {{"a", a}, {"b", b}});
  for (const auto& gradients : kGradients) {
    give_gradients(a, b, gradients);
    opt->step();
  }
  std::vector<double> out = values(a);
  for (const double v : values(b)) out.push_back(v);
  return out;
}

void check_close(const std::vector<double>& got, const std::vector<double>& want,
                 double tolerance) {
  REQUIRE(got.size() == want.size());
  for (size_t i = 0; i < got.size(); ++i) {
    CAPTURE(i);
    CHECK(std::abs(got[i] - want[i]) <= tolerance * std::max(1.0, std::abs(want[i])));
  }
}

}  // namespace

TEST_CASE("twelve steps of every optimizer equal PyTorch's") {
  for (const TorchRun& run : kTorchRuns) {
    CAPTURE(run.optimizer);
    CAPTURE(run.lr);
    CAPTURE(run.weight_decay);
    CAPTURE(run.amsgrad);
    check_close(train(run, f64), run.in_f64, 1e-14);
    check_close(train(run, f32), run.in_f32, 5e-7);
  }
}

TEST_CASE("bf16 parameters follow the f32 run through their master copies") {
  for (const TorchRun& run : kTorchRuns) {
    CAPTURE(run.optimizer);
    CAPTURE(run.lr);
    // Initial values and gradients are exact in bf16, so only the result is rounded.
    const std::vector<double> got = train(run, bf16);
    for (size_t i = 0; i < got.size(); ++i) {
      CAPTURE(i);
      CHECK(std::abs(got[i] - run.in_f32[i]) <= std::abs(run.in_f32[i]) / 256 + 1e-6);
    }
  }
}

#include "tapehead/optim/curve.h"

#include <cmath>

#include "tapehead/tests/optim_tools.h"
#include "tapehead/tests/oracles/optim_runs.h"

using namespace tapehead;
using namespace tapehead::test;
namespace curve = optim::curve;

TEST_CASE("curves at chosen steps") {
  struct Row {
    const char* name;
    optim::Curve curve;
    std::vector<std::pair<int64_t, double>> points;
  };
  const Row rows[] = {
      {"Constant", curve::Constant{}, {{0, 1}, {1000, 1}}},
      {"Constant 0.5", curve::Constant{0.5}, {{0, 0.5}, {9, 0.5}}},
      {"StepDecay",
       curve::StepDecay{.every = 3, .gamma = 0.5},
       {{0, 1}, {2, 1}, {3, 0.5}, {5, 0.5}, {6, 0.25}}},
      {"MultiStep",
       curve::MultiStep{.at = {2, 5}, .gamma = 0.5},
       {{0, 1}, {1, 1}, {2, 0.5}, {4, 0.5}, {5, 0.25}, {99, 0.25}}},
      {"MultiStep, never", curve::MultiStep{}, {{0, 1}, {99, 1}}},
      {"Exponential", curve::Exponential{.gamma = 0.5}, {{0, 1}, {1, 0.5}, {3, 0.125}}},
      {"Linear", curve::Linear{.steps = 4}, {{0, 1}, {1, 0.75}, {3, 0.25}, {4, 0}, {9, 0}}},
      {"Linear up",
       curve::Linear{.steps = 2, .from = 0.5, .to = 1.5},
       {{0, 0.5}, {1, 1}, {2, 1.5}, {3, 1.5}}},
      {"Cosine",
       curve::Cosine{.steps = 4},
       {{0, 1}, {1, 0.5 + std::sqrt(0.125)}, {2, 0.5}, {4, 0}, {5, 0}}},
      {"Cosine floor",
       curve::Cosine{.steps = 2, .floor = 0.2},
       {{0, 1}, {1, 0.6}, {2, 0.2}, {7, 0.2}}},
      {"Warmup", curve::Warmup{.steps = 4}, {{0, 0.25}, {2, 0.75}, {3, 1}, {4, 1}}},
      {"WarmupCosine",
       curve::WarmupCosine{.warmup = 2, .steps = 6},
       {{0, 0.5}, {1, 1}, {2, 1}, {4, 0.5}, {6, 0}, {7, 0}}},
      {"WarmupCosine, none", curve::WarmupCosine{.steps = 2}, {{0, 1}, {1, 0.5}, {2, 0}}},
      {"WarmupLinear",
       curve::WarmupLinear{.warmup = 2, .steps = 6, .floor = 0.2},
       {{0, 0.5}, {1, 1}, {2, 1}, {4, 0.6}, {6, 0.2}, {9, 0.2}}},
      {"InverseSqrt",
       curve::InverseSqrt{.warmup = 4},
       {{0, 0.25}, {3, 1}, {4, std::sqrt(0.8)}, {15, 0.5}, {63, 0.25}}},
      {"Sequential",
       curve::Sequential{
           {{2, curve::Warmup{4}}, {3, curve::Constant{0.7}}, {0, curve::Linear{.steps = 2}}}},
       {{0, 0.25}, {1, 0.5}, {2, 0.7}, {4, 0.7}, {5, 1}, {6, 0.5}, {7, 0}, {50, 0}}},
      {"Chained",
       curve::Chained{{curve::Warmup{2}, curve::StepDecay{.every = 2, .gamma = 0.1}}},
       {{0, 0.5}, {1, 1}, {2, 0.1}, {4, 0.01}}},
      {"a function",
       [](int64_t n) { return 1.0 / static_cast<double>(n + 1); },
       {{0, 1}, {3, 0.25}}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    for (const auto& [n, want] : row.points) {
      CAPTURE(n);
      CHECK(std::abs(row.curve(n) - want) <= 1e-15);
    }
  }
}

TEST_CASE("curves equal PyTorch's schedulers") {
  struct Row {
    const char* name;
    optim::Curve curve;
    const std::vector<double>& torch;
  };
  const Row rows[] = {
      {"StepDecay", curve::StepDecay{.every = 5, .gamma = 0.3}, kTorchStepDecay},
      {"MultiStep", curve::MultiStep{.at = {4, 5, 12}, .gamma = 0.3}, kTorchMultiStep},
      {"Exponential", curve::Exponential{.gamma = 0.9}, kTorchExponential},
      {"Linear", curve::Linear{.steps = 16, .from = 0.25, .to = 0.75}, kTorchLinear},
      {"Cosine", curve::Cosine{.steps = 24, .floor = 0.1}, kTorchCosine},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    for (size_t n = 0; n < row.torch.size(); ++n)
      CHECK(0.5 * row.curve(static_cast<int64_t>(n)) ==
            doctest::Approx(row.torch[n]).epsilon(1e-12));
  }
}

TEST_CASE("the inverse square root is that of the Transformer") {
  // Vaswani et al. 2017: width^-0.5 min(step^-0.5, step warmup^-1.5), steps from 1.
  const double width = 512, warmup = 4000;
  const curve::InverseSqrt factor{.warmup = 4000};
  for (const int64_t step : {1, 100, 4000, 4001, 100000}) {
    const double s = static_cast<double>(step);
    const double paper = std::min(1 / std::sqrt(s), s * std::pow(warmup, -1.5)) / std::sqrt(width);
    CHECK(factor(step - 1) / std::sqrt(width * warmup) == doctest::Approx(paper).epsilon(1e-12));
  }
}

TEST_CASE("what curves refuse") {
  struct Row {
    optim::Curve curve;
    const char* text;
  };
  const Row rows[] = {
      {curve::Constant{-1}, "Constant: factor = -1; it must be 0 or more"},
      {curve::StepDecay{}, "StepDecay: every = 0; it must be above 0"},
      {curve::StepDecay{.every = 1, .gamma = -1}, "StepDecay: gamma = -1; it must be 0 or more"},
      {curve::MultiStep{.at = {3, 3}}, "MultiStep: at[1] = 3 follows 3; the steps must rise"},
      {curve::MultiStep{.gamma = NAN}, "MultiStep: gamma = nan; it must be 0 or more"},
      {curve::Exponential{}, "Exponential: gamma = 0; it must be above 0"},
      {curve::Linear{}, "Linear: steps = 0; it must be above 0"},
      {curve::Linear{.steps = 1, .from = -1}, "Linear: from = -1; it must be 0 or more"},
      {curve::Linear{.steps = 1, .to = -1}, "Linear: to = -1; it must be 0 or more"},
      {curve::Cosine{}, "Cosine: steps = 0; it must be above 0"},
      {curve::Cosine{.steps = 1, .floor = -0.1}, "Cosine: floor = -0.1; it must be 0 or more"},
      {curve::Warmup{}, "Warmup: steps = 0; it must be above 0"},
      {curve::WarmupCosine{.warmup = 5}, "WarmupCosine: steps = 0; it must be above 0"},
      {curve::WarmupCosine{.warmup = 5, .steps = 5},
       "WarmupCosine: warmup = 5 of steps = 5; it must be 0 or more and below steps"},
      {curve::WarmupLinear{.warmup = -1, .steps = 5},
       "WarmupLinear: warmup = -1 of steps = 5; it must be 0 or more and below steps"},
      {curve::WarmupLinear{.steps = 5, .floor = -1},
       "WarmupLinear: floor = -1; it must be 0 or more"},
      {curve::InverseSqrt{}, "InverseSqrt: warmup = 0; it must be above 0"},
      {curve::Sequential{}, "Sequential: there are no phases; give at least one"},
      {curve::Sequential{{{1, curve::Constant{}}, {1, {}}}},
       "Sequential: phases[1] has no curve; give each phase one"},
      {curve::Sequential{{{0, curve::Constant{}}, {1, curve::Constant{}}}},
       "Sequential: phases[0].steps = 0; it must be above 0"},
      {curve::Sequential{{{5, curve::Constant{}}, {5, curve::Cosine{}}}},
       "Cosine: steps = 0; it must be above 0"},
      {curve::Chained{{curve::Constant{}, {}}}, "Chained: curves[1] is empty; give a function"},
  };
  for (const Row& row : rows) CHECK(error_of<ValueError>([&] { row.curve(0); }) == row.text);
}

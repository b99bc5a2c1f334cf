#include "tapehead/optim/lr_curve.h"

#include <cmath>

#include "tapehead/optim/lr_cycle.h"
#include "tapehead/tests/optim_tools.h"
#include "tapehead/tests/oracles/optim_runs.h"

using namespace tapehead;
using namespace tapehead::test;
using namespace tapehead::optim;

TEST_CASE("curves equal PyTorch's schedulers") {
  struct Row {
    const char* name;
    LRCurve curve;
    const std::vector<double>& torch;
  };
  const LRCurve harmonic = [](int64_t n) { return 1.0 / static_cast<double>(n + 1); };
  const Row rows[] = {
      {"LambdaLR", harmonic, kTorchLambdaLR},
      {"ConstantLR", ConstantCurve{}, kTorchConstantLR},
      {"ConstantLR half", ConstantCurve{.factor = 0.5, .total_iters = 7}, kTorchConstantLRHalf},
      {"StepLR", StepCurve{.step_size = 5, .gamma = 0.3}, kTorchStepLR},
      {"MultiStepLR", MultiStepCurve{.milestones = {4, 5, 12}, .gamma = 0.3}, kTorchMultiStepLR},
      {"ExponentialLR", ExponentialCurve{.gamma = 0.9}, kTorchExponentialLR},
      {"LinearLR", LinearCurve{}, kTorchLinearLR},
      {"LinearLR down", LinearCurve{.start_factor = 0.75, .end_factor = 0.25, .total_iters = 16},
       kTorchLinearLRDown},
      {"PolynomialLR", PolynomialCurve{}, kTorchPolynomialLR},
      {"PolynomialLR, square root", PolynomialCurve{.total_iters = 20, .power = 0.5},
       kTorchPolynomialLRRoot},
      {"CosineAnnealingLR", CosineAnnealingCurve{.t_max = 9, .min_factor = 0.1},
       kTorchCosineAnnealingLR},
      {"CosineAnnealingWarmRestarts", CosineAnnealingWarmRestartsCurve{.t_0 = 7},
       kTorchWarmRestarts},
      {"CosineAnnealingWarmRestarts, doubled",
       CosineAnnealingWarmRestartsCurve{.t_0 = 3, .t_mult = 2, .min_factor = 0.1},
       kTorchWarmRestartsTwice},
      {"OneCycleLR", OneCycleCurve{.total_steps = 25}, kTorchOneCycleLR},
      {"OneCycleLR, three phases",
       OneCycleCurve{.total_steps = 25,
                     .pct_start = 0.4,
                     .div_factor = 10,
                     .final_div_factor = 100,
                     .three_phase = true},
       kTorchOneCycleLRThree},
      {"OneCycleLR, linear",
       OneCycleCurve{.total_steps = 25, .anneal_strategy = AnnealStrategy::linear},
       kTorchOneCycleLRLinear},
      {"CyclicLR", CyclicCurve{.max_factor = 4, .step_size_up = 4}, kTorchCyclicLR},
      {"CyclicLR, halved",
       CyclicCurve{.max_factor = 2,
                   .step_size_up = 3,
                   .step_size_down = 5,
                   .mode = CyclicMode::triangular2},
       kTorchCyclicLRHalved},
      {"CyclicLR, exponential",
       CyclicCurve{.max_factor = 2, .step_size_up = 4, .mode = CyclicMode::exp_range, .gamma = 0.9},
       kTorchCyclicLRExponential},
      {"CyclicLR, a function of the cycle",
       CyclicCurve{.max_factor = 2, .step_size_up = 4, .scale_fn = harmonic}, kTorchCyclicLRCycles},
      {"CyclicLR, a function of the step",
       CyclicCurve{.max_factor = 2,
                   .step_size_up = 4,
                   .scale_fn = harmonic,
                   .scale_mode = ScaleMode::iterations},
       kTorchCyclicLRIterations},
      {"SWALR", SWACurve{.swa_factor = 0.1}, kTorchSWALR},
      {"SWALR, linear",
       SWACurve{.swa_factor = 0.1, .anneal_epochs = 4, .anneal_strategy = AnnealStrategy::linear},
       kTorchSWALRLinear},
      {"SWALR, at once", SWACurve{.swa_factor = 0.1, .anneal_epochs = 0}, kTorchSWALRAtOnce},
      {"MultiplicativeLR",
       multiplicative_curve([](int64_t n) { return 1 - 1.0 / static_cast<double>(n + 1); }),
       kTorchMultiplicativeLR},
      {"SequentialLR",
       SequentialCurve{.curves = {LinearCurve{.start_factor = 0.2, .total_iters = 4},
                                  ExponentialCurve{.gamma = 0.9}, StepCurve{.step_size = 3}},
                       .milestones = {5, 12}},
       kTorchSequentialLR},
      {"ChainedScheduler",
       ChainedCurve{.curves = {ConstantCurve{.factor = 0.1, .total_iters = 4},
                               ExponentialCurve{.gamma = 0.9}}},
       kTorchChainedScheduler},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(row.torch.size() == 25);
    for (size_t n = 0; n < row.torch.size(); ++n) {
      CAPTURE(n);
      CHECK(0.5 * row.curve(static_cast<int64_t>(n)) ==
            doctest::Approx(row.torch[n]).epsilon(1e-12));
    }
  }
}

TEST_CASE("curves at chosen steps") {
  struct Row {
    const char* name;
    LRCurve curve;
    std::vector<std::pair<int64_t, double>> points;
  };
  const Row rows[] = {
      {"constant", ConstantCurve{.factor = 1}, {{0, 1}, {4, 1}, {5, 1}, {1000, 1}}},
      {"no milestones", MultiStepCurve{}, {{0, 1}, {99, 1}}},
      {"linear up",
       LinearCurve{.start_factor = 0.5, .end_factor = 1.5, .total_iters = 2},
       {{0, 0.5}, {1, 1}, {2, 1.5}, {3, 1.5}}},
      {"cosine", CosineAnnealingCurve{.t_max = 4}, {{0, 1}, {2, 0.5}, {4, 0}, {8, 1}}},
      {"restarts far away",
       CosineAnnealingWarmRestartsCurve{.t_0 = 1, .t_mult = 2},
       {{0, 1}, {(int64_t{1} << 40) - 1, 1}, {(int64_t{3} << 39) - 1, 0.5}}},
      {"OneCycleLR, past its end",
       OneCycleCurve{.total_steps = 5, .div_factor = 4, .final_div_factor = 2},
       {{4, 0.125}, {5, 0.125}, {99, 0.125}}},
      {"OneCycleLR, no rise",
       OneCycleCurve{.total_steps = 4, .pct_start = 0, .div_factor = 4, .final_div_factor = 1},
       {{1, 0.625}, {3, 0.25}}},
      {"OneCycleLR, a rise of one step",
       OneCycleCurve{.total_steps = 4, .pct_start = 0.25},
       {{0, 1}}},
      {"WarmupLR", WarmupCurve{.warmup_steps = 4}, {{0, 0.25}, {2, 0.75}, {3, 1}, {4, 1}}},
      {"WarmupCosineLR",
       WarmupCosineCurve{.warmup_steps = 2, .total_steps = 6},
       {{0, 0.5}, {1, 1}, {2, 1}, {3, 0.5 + std::sqrt(0.125)}, {4, 0.5}, {6, 0}, {7, 0}}},
      {"WarmupCosineLR, no warmup",
       WarmupCosineCurve{.total_steps = 2, .min_factor = 0.2},
       {{0, 1}, {1, 0.6}, {2, 0.2}, {9, 0.2}}},
      {"WarmupLinearLR",
       WarmupLinearCurve{.warmup_steps = 2, .total_steps = 6, .min_factor = 0.2},
       {{0, 0.5}, {1, 1}, {2, 1}, {4, 0.6}, {6, 0.2}, {9, 0.2}}},
      {"InverseSqrtLR",
       InverseSqrtCurve{.warmup_steps = 4},
       {{0, 0.25}, {3, 1}, {4, std::sqrt(0.8)}, {15, 0.5}, {63, 0.25}}},
      {"one curve", SequentialCurve{.curves = {StepCurve{.step_size = 2}}}, {{0, 1}, {2, 0.1}}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    for (const auto& point : row.points) {
      CAPTURE(point.first);
      CHECK(std::abs(row.curve(point.first) - point.second) <= 1e-15);
    }
  }
}

TEST_CASE("a multiplicative curve may be evaluated in any order") {
  const LRCurve curve = multiplicative_curve([](int64_t n) { return static_cast<double>(n); });
  for (const auto& [n, factorial] : {std::pair(3, 6), {5, 120}, {0, 1}, {2, 2}, {4, 24}})
    CHECK(curve(n) == factorial);
}

TEST_CASE("the inverse square root is that of the Transformer") {
  // Vaswani et al. 2017: width^-0.5 min(step^-0.5, step warmup^-1.5), counting steps from 1.
  const double width = 512, warmup = 4000;
  const InverseSqrtCurve factor{.warmup_steps = 4000};
  for (const int64_t step : {1, 100, 4000, 4001, 100000}) {
    const double s = static_cast<double>(step);
    const double paper = std::min(1 / std::sqrt(s), s * std::pow(warmup, -1.5)) / std::sqrt(width);
    CHECK(factor(step - 1) / std::sqrt(width * warmup) == doctest::Approx(paper).epsilon(1e-12));
  }
}

TEST_CASE("curves: errors") {
  struct Row {
    LRCurve curve;
    const char* text;
  };
  const ConstantCurve one{.factor = 1};
  const Row rows[] = {
      {ConstantCurve{.factor = -1}, "ConstantLR: factor = -1; it must be 0 or more"},
      {ConstantCurve{.total_iters = 0}, "ConstantLR: total_iters = 0; it must be above 0"},
      {StepCurve{}, "StepLR: step_size = 0; it must be above 0"},
      {StepCurve{.step_size = 1, .gamma = -1}, "StepLR: gamma = -1; it must be 0 or more"},
      {MultiStepCurve{.milestones = {3, 3}},
       "MultiStepLR: milestones[1] = 3 follows 3; they must increase"},
      {MultiStepCurve{.gamma = NAN}, "MultiStepLR: gamma = nan; it must be 0 or more"},
      {ExponentialCurve{}, "ExponentialLR: gamma = 0; it must be above 0"},
      {LinearCurve{.start_factor = -1}, "LinearLR: start_factor = -1; it must be 0 or more"},
      {LinearCurve{.end_factor = -1}, "LinearLR: end_factor = -1; it must be 0 or more"},
      {LinearCurve{.total_iters = 0}, "LinearLR: total_iters = 0; it must be above 0"},
      {PolynomialCurve{.total_iters = 0}, "PolynomialLR: total_iters = 0; it must be above 0"},
      {PolynomialCurve{.power = 0}, "PolynomialLR: power = 0; it must be above 0"},
      {CosineAnnealingCurve{}, "CosineAnnealingLR: t_max = 0; it must be above 0"},
      {CosineAnnealingCurve{.t_max = 1, .min_factor = -0.1},
       "CosineAnnealingLR: min_factor = -0.1; it must be 0 or more"},
      {CosineAnnealingWarmRestartsCurve{},
       "CosineAnnealingWarmRestarts: t_0 = 0; it must be above 0"},
      {CosineAnnealingWarmRestartsCurve{.t_0 = 1, .t_mult = 0},
       "CosineAnnealingWarmRestarts: t_mult = 0; it must be above 0"},
      {CosineAnnealingWarmRestartsCurve{.t_0 = 1, .min_factor = -1},
       "CosineAnnealingWarmRestarts: min_factor = -1; it must be 0 or more"},
      {OneCycleCurve{}, "OneCycleLR: total_steps = 0; it must be above 0"},
      {OneCycleCurve{.total_steps = 5, .pct_start = 1.5},
       "OneCycleLR: pct_start = 1.5; it must be within 0 … 1"},
      {OneCycleCurve{.total_steps = 5, .div_factor = 0},
       "OneCycleLR: div_factor = 0; it must be above 0"},
      {OneCycleCurve{.total_steps = 5, .final_div_factor = -1},
       "OneCycleLR: final_div_factor = -1; it must be above 0"},
      {OneCycleCurve{.total_steps = 5, .max_momentum = 1},
       "OneCycleLR: max_momentum = 1; it must be at least 0 and below 1"},
      {CyclicCurve{}, "CyclicLR: max_factor = 0; it must be above 0"},
      {CyclicCurve{.max_factor = 2, .step_size_up = 0},
       "CyclicLR: step_size_up = 0; it must be above 0"},
      {CyclicCurve{.max_factor = 2, .step_size_down = -1},
       "CyclicLR: step_size_down = -1; it must be 0 or more"},
      {CyclicCurve{.max_factor = 2, .gamma = 0}, "CyclicLR: gamma = 0; it must be above 0"},
      {CyclicCurve{.max_factor = 2, .base_momentum = -1},
       "CyclicLR: base_momentum = -1; it must be at least 0 and below 1"},
      {SWACurve{}, "SWALR: swa_factor = 0; it must be above 0"},
      {SWACurve{.swa_factor = 1, .anneal_epochs = -1},
       "SWALR: anneal_epochs = -1; it must be 0 or more"},
      {WarmupCurve{}, "WarmupLR: warmup_steps = 0; it must be above 0"},
      {WarmupCosineCurve{.warmup_steps = 5}, "WarmupCosineLR: total_steps = 0; it must be above 0"},
      {WarmupCosineCurve{.warmup_steps = 5, .total_steps = 5},
       "WarmupCosineLR: warmup_steps = 5 of total_steps = 5; it must be 0 or more and below "
       "total_steps"},
      {WarmupLinearCurve{.warmup_steps = -1, .total_steps = 5},
       "WarmupLinearLR: warmup_steps = -1 of total_steps = 5; it must be 0 or more and below "
       "total_steps"},
      {WarmupLinearCurve{.total_steps = 5, .min_factor = -1},
       "WarmupLinearLR: min_factor = -1; it must be 0 or more"},
      {InverseSqrtCurve{}, "InverseSqrtLR: warmup_steps = 0; it must be above 0"},
      {SequentialCurve{}, "SequentialLR: curves is empty; give at least one"},
      {SequentialCurve{.curves = {one, {}}, .milestones = {1}},
       "SequentialLR: curves[1] is empty; give a function"},
      {SequentialCurve{.curves = {one, one}},
       "SequentialLR: 0 milestones for 2 curves; give one less than curves"},
      {SequentialCurve{.curves = {one, one}, .milestones = {0}},
       "SequentialLR: milestones[0] = 0; it must be above 0"},
      {SequentialCurve{.curves = {one, one, one}, .milestones = {5, 4}},
       "SequentialLR: milestones[1] = 4 follows 5; they must increase"},
      {SequentialCurve{.curves = {one, CosineAnnealingCurve{}}, .milestones = {5}},
       "CosineAnnealingLR: t_max = 0; it must be above 0"},
      {ChainedCurve{}, "ChainedScheduler: curves is empty; give at least one"},
      {ChainedCurve{.curves = {one, {}}}, "ChainedScheduler: curves[1] is empty; give a function"},
  };
  for (const Row& row : rows) CHECK(error_of<ValueError>([&] { row.curve(0); }) == row.text);
  CHECK(error_of<ValueError>([] { multiplicative_curve({}); }) ==
        "MultiplicativeLR: lr_lambda is empty; give a function");
}

#include "tapehead/optim/lr_scheduler.h"

#include <cmath>
#include <functional>
#include <memory>

#include "tapehead/optim/adadelta.h"
#include "tapehead/optim/adam.h"
#include "tapehead/optim/sgd.h"
#include "tapehead/tests/optim_tools.h"
#include "tapehead/tests/oracles/optim_runs.h"

namespace tapehead::lr_scheduler_test {

using namespace test;

namespace {

struct Fixture {
  nn::Params params = small_model({"a", "b"});
  optim::SGD opt{params, {.lr = 0.4}, {{"b", {.lr = 0.2}}}};
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a schedule sets the learning rate at once and with each step") {
  optim::WarmupCosineLR schedule(opt, {.warmup_steps = 2, .total_steps = 6, .min_factor = 0});
  std::vector<double> rates;
  for (int n = 0; n < 7; ++n) {
    rates.push_back(opt.lr());
    CHECK(schedule.lr() == opt.lr());
    CHECK(schedule.lr_at(n) == opt.lr());
    CHECK(opt.groups()[1].lr == doctest::Approx(opt.lr() / 2));
    schedule.step();
  }
  const std::vector<double> want = {
      0.2, 0.4, 0.4, 0.4 * (0.5 + std::sqrt(0.125)), 0.2, 0.4 * (0.5 - std::sqrt(0.125)), 0};
  for (size_t n = 0; n < want.size(); ++n)
    CHECK(rates[n] == doctest::Approx(want[n]).epsilon(1e-12));
  CHECK(schedule.steps() == 7);
}

TEST_CASE_FIXTURE(Fixture, "any function is a schedule") {
  optim::LRScheduler schedule(opt, [](int64_t n) { return 1.0 / static_cast<double>(n + 1); });
  CHECK(opt.lr() == 0.4);
  schedule.step();
  CHECK(opt.lr() == 0.2);
}

TEST_CASE_FIXTURE(Fixture, "every scheduler is made with its options in braces") {
  optim::ConstantLR constant(opt, {.factor = 0.5, .total_iters = 4});
  optim::StepLR steps(opt, {.step_size = 10, .gamma = 0.5});
  optim::MultiStepLR milestones(opt, {.milestones = {10, 20}});
  optim::ExponentialLR exponential(opt, {.gamma = 0.99});
  optim::LinearLR linear(opt, {.start_factor = 0.1, .total_iters = 100});
  optim::PolynomialLR polynomial(opt, {.total_iters = 100, .power = 2});
  optim::CosineAnnealingLR cosine(opt, {.t_max = 100});
  optim::CosineAnnealingWarmRestarts restarts(opt, {.t_0 = 10, .t_mult = 2});
  optim::OneCycleLR cycle(opt, {.total_steps = 100, .pct_start = 0.2});
  optim::CyclicLR cycles(opt, {.max_factor = 10, .step_size_up = 50, .cycle_momentum = false});
  optim::SWALR average(opt, {.swa_factor = 0.1});
  optim::LambdaLR any(opt, [](int64_t n) { return std::pow(0.9, n); });
  optim::MultiplicativeLR product_of(opt, [](int64_t) { return 0.9; });
  optim::WarmupLR warmup(opt, {.warmup_steps = 4});
  optim::WarmupLinearLR triangle(opt, {.warmup_steps = 10, .total_steps = 100});
  optim::InverseSqrtLR vaswani(opt, {.warmup_steps = 100});
  optim::SequentialLR phases(
      opt,
      {.curves = {optim::WarmupCurve{10}, optim::CosineAnnealingCurve{90}}, .milestones = {10}});
  optim::ChainedScheduler product(
      opt, {.curves = {optim::WarmupCurve{10}, optim::ExponentialCurve{0.99}}});
  CHECK(product_of.lr_at(20) == doctest::Approx(any.lr_at(20)));
  CHECK(phases.lr_at(0) == doctest::Approx(0.04));
  CHECK(phases.lr_at(55) == doctest::Approx(0.2));
  CHECK(product.lr_at(20) == doctest::Approx(0.4 * std::pow(0.99, 20)));
}

TEST_CASE("OneCycleLR and CyclicLR move the momentum, or the first beta, as PyTorch's") {
  struct Row {
    const char* name;
    std::function<std::unique_ptr<optim::LRScheduler>(optim::Optimizer&)> make;
    const std::vector<double>& torch;
  };
  const Row rows[] = {
      {"OneCycleLR",
       [](auto& o) {
         return std::make_unique<optim::OneCycleLR>(o, optim::OneCycleCurve{.total_steps = 25});
       },
       kTorchOneCycleMomentum},
      {"OneCycleLR, three phases",
       [](auto& o) {
         return std::make_unique<optim::OneCycleLR>(
             o, optim::OneCycleCurve{.total_steps = 25,
                                     .pct_start = 0.4,
                                     .anneal_strategy = optim::AnnealStrategy::linear,
                                     .base_momentum = 0.5,
                                     .max_momentum = 0.9,
                                     .three_phase = true});
       },
       kTorchOneCycleMomentumThree},
      {"CyclicLR",
       [](auto& o) {
         return std::make_unique<optim::CyclicLR>(
             o, optim::CyclicCurve{.max_factor = 2,
                                   .step_size_up = 3,
                                   .step_size_down = 5,
                                   .mode = optim::CyclicMode::triangular2,
                                   .base_momentum = 0.6,
                                   .max_momentum = 0.95});
       },
       kTorchCyclicMomentum},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    nn::Params params = small_model({"a", "b"});
    optim::SGD sgd(params, {.lr = 0.5}, {{"b", {.weight_decay = 0.1}}});
    optim::Adam adam(params, {.betas = {0.5, 0.75}});
    const auto of_sgd = row.make(sgd), of_adam = row.make(adam);
    for (const double momentum : row.torch) {
      for (const optim::ParamGroup& group : sgd.groups())
        CHECK(group.option("momentum") == doctest::Approx(momentum).epsilon(1e-12));
      CHECK(adam.groups()[0].option("betas") == doctest::Approx(momentum).epsilon(1e-12));
      CHECK(adam.groups()[0].option("betas", 1) == 0.75);
      of_sgd->step();
      of_adam->step();
    }
    // A restored schedule sets the momentum of its step.
    optim::SGD other(params, {.lr = 0.5});
    const auto restored = row.make(other);
    restored->load({.numbers = {{"steps", 7}}});
    CHECK(other.groups()[0].option("momentum") == doctest::Approx(row.torch[7]).epsilon(1e-12));
  }
}

TEST_CASE_FIXTURE(Fixture, "without a curve the learning rate stays") {
  optim::LRScheduler schedule(opt);
  schedule.step();
  CHECK(opt.lr() == 0.4);
}

TEST_CASE_FIXTURE(Fixture, "the state of a schedule in checkpoints keeps its names") {
  optim::StepLR schedule(opt, {.step_size = 2, .gamma = 0.5});
  schedule.load({.numbers = {{"steps", 5}}});
  CHECK(schedule.steps() == 5);
  CHECK(opt.lr() == 0.1);
}

TEST_CASE_FIXTURE(Fixture, "a restored schedule goes on where it stopped") {
  optim::ExponentialLR schedule(opt, {.gamma = 0.5});
  for (int i = 0; i < 3; ++i) schedule.step();
  const optim::StateDict state = schedule.save();

  nn::Params params2 = small_model();
  optim::SGD opt2(params2, {.lr = 0.4});
  optim::ExponentialLR other(opt2, {.gamma = 0.5});
  other.load(state);
  CHECK(other.steps() == 3);
  CHECK(opt2.lr() == 0.05);
  other.step();
  CHECK(opt2.lr() == 0.025);
}

TEST_CASE_FIXTURE(Fixture, "the base stays that of the optimizer when its state is loaded first") {
  optim::ExponentialLR schedule(opt, {.gamma = 0.5});
  schedule.step();
  const optim::StateDict state = opt.save();
  nn::Params params2 = small_model({"a", "b"});
  optim::SGD opt2(params2, {.lr = 0.4});
  opt2.load(state);
  CHECK(opt2.lr() == 0.2);
  optim::ExponentialLR other(opt2, {.gamma = 0.5});
  CHECK(opt2.lr() == 0.4);
  other.load(schedule.save());
  CHECK(opt2.lr() == 0.2);
}

TEST_CASE_FIXTURE(Fixture, "what schedules refuse") {
  CHECK(error_of<ValueError>([&] { optim::WarmupCosineLR(opt, {.warmup_steps = 5}); }) ==
        "WarmupCosineLR: total_steps = 0; it must be above 0");
  CHECK(error_of<ValueError>([&] { optim::LRScheduler(opt, nullptr); }) ==
        "LRScheduler: the curve is empty; give a function of the step");
  CHECK(error_of<ValueError>([&] { optim::LRScheduler(opt, [](int64_t) { return -1.0; }); }) ==
        "SGD: lr = -0.4; it must be 0 or more");
  CHECK(error_of<ValueError>([&] { optim::ConstantLR(opt).lr_at(-1); }) ==
        "lr_at: n = -1; it must be 0 or more");
  optim::Adadelta none(params);
  CHECK(error_of<ValueError>([&] { optim::OneCycleLR(none, {.total_steps = 5}); }) ==
        "LRScheduler: Adadelta has neither betas nor momentum; pass cycle_momentum = false");
  CHECK_NOTHROW(optim::OneCycleLR(none, {.total_steps = 5, .cycle_momentum = false}));
  optim::LRScheduler schedule(opt);
  CHECK(error_of<FormatError>([&] {
          schedule.load({.numbers = {{"stops", 1}}});
        }) ==
        "LRScheduler: the state does not fit: missing steps; unexpected stops; nothing was loaded");
  CHECK(opt.lr() == 0.4);
}

}  // namespace tapehead::lr_scheduler_test

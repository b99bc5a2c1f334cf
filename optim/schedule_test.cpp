#include "tapehead/optim/schedule.h"

#include <cmath>

#include "tapehead/optim/sgd.h"
#include "tapehead/tests/optim_tools.h"

using namespace tapehead;
using namespace tapehead::test;

namespace {

struct Fixture {
  nn::Params params = small_model({"a", "b"});
  optim::SGD opt{params, {.lr = 0.4}, {{"b", {.lr = 0.2}}}};
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a schedule sets the learning rate at once and with each step") {
  optim::WarmupCosine schedule(opt, {.warmup = 2, .steps = 6, .floor = 0});
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
  optim::Schedule schedule(opt, [](int64_t n) { return 1.0 / static_cast<double>(n + 1); });
  CHECK(opt.lr() == 0.4);
  schedule.step();
  CHECK(opt.lr() == 0.2);
}

TEST_CASE_FIXTURE(Fixture, "every kind is made with its options in braces") {
  optim::Constant constant(opt);
  optim::StepDecay steps(opt, {.every = 10, .gamma = 0.5});
  optim::MultiStep milestones(opt, {.at = {10, 20}});
  optim::Exponential exponential(opt, {.gamma = 0.99});
  optim::Linear linear(opt, {.steps = 100});
  optim::Cosine cosine(opt, {.steps = 100});
  optim::Warmup warmup(opt, {.steps = 4});
  optim::WarmupLinear triangle(opt, {.warmup = 10, .steps = 100});
  optim::InverseSqrt vaswani(opt, {.warmup = 100});
  optim::Sequential phases(
      opt, {.phases = {{10, optim::curve::Warmup{10}}, {90, optim::curve::Cosine{90}}}});
  optim::Chained product(opt,
                         {.curves = {optim::curve::Warmup{10}, optim::curve::Exponential{0.99}}});
  CHECK(phases.lr_at(0) == doctest::Approx(0.04));
  CHECK(phases.lr_at(55) == doctest::Approx(0.2));
  CHECK(product.lr_at(20) == doctest::Approx(0.4 * std::pow(0.99, 20)));
}

TEST_CASE_FIXTURE(Fixture, "a restored schedule goes on where it stopped") {
  optim::Exponential schedule(opt, {.gamma = 0.5});
  for (int i = 0; i < 3; ++i) schedule.step();
  const optim::StateDict state = schedule.save();

  nn::Params params2 = small_model();
  optim::SGD opt2(params2, {.lr = 0.4});
  optim::Exponential other(opt2, {.gamma = 0.5});
  other.load(state);
  CHECK(other.steps() == 3);
  CHECK(opt2.lr() == 0.05);
  other.step();
  CHECK(opt2.lr() == 0.025);
}

TEST_CASE_FIXTURE(Fixture, "the base stays that of the optimizer when its state is loaded first") {
  optim::Exponential schedule(opt, {.gamma = 0.5});
  schedule.step();
  const optim::StateDict state = opt.save();
  nn::Params params2 = small_model({"a", "b"});
  optim::SGD opt2(params2, {.lr = 0.4});
  opt2.load(state);
  CHECK(opt2.lr() == 0.2);
  optim::Exponential other(opt2, {.gamma = 0.5});
  CHECK(opt2.lr() == 0.4);
  other.load(schedule.save());
  CHECK(opt2.lr() == 0.2);
}

TEST_CASE_FIXTURE(Fixture, "what schedules refuse") {
  CHECK(error_of<ValueError>([&] { optim::WarmupCosine(opt, {.warmup = 5}); }) ==
        "WarmupCosine: steps = 0; it must be above 0");
  CHECK(error_of<ValueError>([&] { optim::Schedule(opt, nullptr); }) ==
        "Schedule: the curve is empty; give a function of the step");
  CHECK(error_of<ValueError>([&] { optim::Schedule(opt, [](int64_t) { return -1.0; }); }) ==
        "SGD: lr = -0.4; it must be 0 or more");
  CHECK(error_of<ValueError>([&] { optim::Constant(opt).lr_at(-1); }) ==
        "lr_at: n = -1; it must be 0 or more");
  optim::Constant schedule(opt);
  CHECK(error_of<FormatError>([&] {
          schedule.load({.numbers = {{"stops", 1}}});
        }) ==
        "Schedule: the state does not fit: missing steps; unexpected stops; nothing was loaded");
  CHECK(opt.lr() == 0.4);
}

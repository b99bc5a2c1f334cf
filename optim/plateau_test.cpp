#include <cmath>

#include "tapehead/optim/lr_scheduler.h"
#include "tapehead/optim/sgd.h"
#include "tapehead/tests/optim_tools.h"
#include "tapehead/tests/oracles/optim_runs.h"

namespace tapehead::plateau_test {

using namespace test;

namespace {

struct Fixture {
  nn::Params params = small_model();
  optim::SGD opt{params, {.lr = 0.5}};
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "the learning rate falls as PyTorch's does") {
  optim::ReduceLROnPlateau schedule(
      opt, {.factor = 0.5, .patience = 2, .cooldown = 2, .min_factor = 0.2});
  for (size_t n = 0; n < kPlateauMetric.size(); ++n) {
    CAPTURE(n);
    const double before = opt.lr();
    CHECK(before == doctest::Approx(kTorchPlateau[n]));
    CHECK(schedule.step(kPlateauMetric[n]) == (kTorchPlateau[n + 1] < before));
  }
  CHECK(opt.lr() == doctest::Approx(kTorchPlateau.back()));
}

TEST_CASE_FIXTURE(Fixture, "reductions smaller than eps are not made, as in PyTorch") {
  optim::ReduceLROnPlateau schedule(opt, {.patience = 1, .threshold = 0.05, .maximize = true});
  for (size_t n = 0; n < kPlateauMetric.size(); ++n) {
    CAPTURE(n);
    const double before = opt.lr();
    CHECK(before == doctest::Approx(kTorchPlateauMax[n]).epsilon(1e-12));
    CHECK(schedule.step(kPlateauMetric[n]) == (kTorchPlateauMax[n + 1] < before / 2));
  }
  CHECK(opt.lr() == doctest::Approx(5e-9).epsilon(1e-12));
}

TEST_CASE_FIXTURE(Fixture, "the threshold may be a difference, as in PyTorch") {
  optim::ReduceLROnPlateau schedule(opt, {.factor = 0.5,
                                          .patience = 2,
                                          .threshold = 0.5,
                                          .threshold_mode = optim::ThresholdMode::abs});
  for (size_t n = 0; n < kPlateauMetric.size(); ++n) {
    CAPTURE(n);
    CHECK(opt.lr() == doctest::Approx(kTorchPlateauAbsolute[n]));
    schedule.step(kPlateauMetric[n]);
  }
}

TEST_CASE_FIXTURE(Fixture, "larger can be better, also below zero") {
  optim::ReduceLROnPlateau schedule(
      opt, {.factor = 0.5, .patience = 0, .threshold = 0.01, .maximize = true});
  CHECK_FALSE(schedule.step(-10));
  CHECK_FALSE(schedule.step(-9));
  CHECK(schedule.step(-8.95));  // improves by less than 1 %
  CHECK(opt.lr() == 0.25);
  CHECK_FALSE(schedule.step(1));
}

TEST_CASE_FIXTURE(Fixture, "NaN is never better") {
  optim::ReduceLROnPlateau schedule(opt, {.factor = 0.5, .patience = 0});
  CHECK(schedule.step(NAN));
  CHECK_FALSE(schedule.step(5));
  CHECK(schedule.step(NAN));
}

TEST_CASE_FIXTURE(Fixture, "a plateau lowers what the curve gives") {
  optim::ReduceLROnPlateau schedule(opt, {.factor = 0.5, .patience = 0}, optim::WarmupCurve{2});
  CHECK(opt.lr() == 0.25);
  schedule.step(1);
  schedule.step(1);
  CHECK(opt.lr() == 0.125);
  schedule.step();
  CHECK(opt.lr() == 0.25);
}

TEST_CASE_FIXTURE(Fixture, "a restored plateau goes on where it stopped") {
  const optim::ReduceLROnPlateauOptions options{
      .factor = 0.5, .patience = 2, .cooldown = 2, .min_factor = 0.2};
  for (size_t stop = 0; stop < kPlateauMetric.size(); ++stop) {
    CAPTURE(stop);
    optim::ReduceLROnPlateau first(opt, options);
    for (size_t n = 0; n < stop; ++n) first.step(kPlateauMetric[n]);
    nn::Params params2 = small_model();
    optim::SGD opt2(params2, {.lr = 0.5});
    optim::ReduceLROnPlateau second(opt2, options);
    second.load(first.save());
    for (size_t n = stop; n < kPlateauMetric.size(); ++n) {
      CHECK(opt2.lr() == doctest::Approx(kTorchPlateau[n]));
      second.step(kPlateauMetric[n]);
    }
  }
}

TEST_CASE_FIXTURE(Fixture, "the state of a plateau in checkpoints keeps its names") {
  optim::ReduceLROnPlateau schedule(opt, {.factor = 0.5, .patience = 2});
  schedule.load({.numbers = {{"steps", 7},
                             {"scale", 0.25},
                             {"observed", 1},
                             {"best", 3},
                             {"bad", 2},
                             {"cooldown", 0}}});
  CHECK(schedule.steps() == 7);
  CHECK(opt.lr() == 0.125);
  CHECK(schedule.step(3));
  CHECK(opt.lr() == 0.0625);
}

TEST_CASE_FIXTURE(Fixture, "what a plateau refuses") {
  using optim::ReduceLROnPlateau;
  CHECK(error_of<ValueError>([&] { ReduceLROnPlateau(opt, {.factor = 1}); }) ==
        "ReduceLROnPlateau: factor = 1; it must be at least 0 and below 1");
  CHECK(error_of<ValueError>([&] { ReduceLROnPlateau(opt, {.patience = -1}); }) ==
        "ReduceLROnPlateau: patience = -1; it must be 0 or more");
  CHECK(error_of<ValueError>([&] { ReduceLROnPlateau(opt, {.threshold = NAN}); }) ==
        "ReduceLROnPlateau: threshold = nan; it must be 0 or more");
  CHECK(error_of<ValueError>([&] { ReduceLROnPlateau(opt, {.cooldown = -1}); }) ==
        "ReduceLROnPlateau: cooldown = -1; it must be 0 or more");
  CHECK(error_of<ValueError>([&] { ReduceLROnPlateau(opt, {.min_factor = 2}); }) ==
        "ReduceLROnPlateau: min_factor = 2; it must be within 0 … 1");
  CHECK(error_of<ValueError>([&] { ReduceLROnPlateau(opt, {.eps = -1}); }) ==
        "ReduceLROnPlateau: eps = -1; it must be 0 or more");
  ReduceLROnPlateau schedule(opt);
  CHECK(error_of<FormatError>([&] { schedule.load({}); }) ==
        "ReduceLROnPlateau: the state does not fit: missing steps, bad, cooldown, scale, best, "
        "observed; nothing "
        "was loaded");
}

}  // namespace tapehead::plateau_test

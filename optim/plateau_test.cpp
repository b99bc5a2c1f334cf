#include <cmath>

#include "tapehead/optim/schedule.h"
#include "tapehead/optim/sgd.h"
#include "tapehead/tests/optim_tools.h"
#include "tapehead/tests/oracles/optim_runs.h"

using namespace tapehead;
using namespace tapehead::test;

namespace {

struct Fixture {
  nn::Params params = small_model();
  optim::SGD opt{params, {.lr = 0.5}};
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "the learning rate falls as PyTorch's does") {
  optim::ReduceOnPlateau schedule(opt, {.factor = 0.5, .patience = 2, .cooldown = 2, .floor = 0.2});
  for (size_t n = 0; n < kPlateauMetric.size(); ++n) {
    CAPTURE(n);
    const double before = opt.lr();
    CHECK(before == doctest::Approx(kTorchPlateau[n]));
    CHECK(schedule.observe(kPlateauMetric[n]) == (kTorchPlateau[n + 1] < before));
  }
  CHECK(opt.lr() == doctest::Approx(kTorchPlateau.back()));
}

TEST_CASE_FIXTURE(Fixture, "larger can be better, also below zero") {
  optim::ReduceOnPlateau schedule(
      opt, {.factor = 0.5, .patience = 0, .threshold = 0.01, .maximize = true});
  CHECK_FALSE(schedule.observe(-10));
  CHECK_FALSE(schedule.observe(-9));
  CHECK(schedule.observe(-8.95));  // not by 1 %
  CHECK(opt.lr() == 0.25);
  CHECK_FALSE(schedule.observe(1));
}

TEST_CASE_FIXTURE(Fixture, "NaN is never better") {
  optim::ReduceOnPlateau schedule(opt, {.factor = 0.5, .patience = 0});
  CHECK(schedule.observe(NAN));
  CHECK_FALSE(schedule.observe(5));
  CHECK(schedule.observe(NAN));
}

TEST_CASE_FIXTURE(Fixture, "a plateau lowers what the curve gives") {
  optim::ReduceOnPlateau schedule(opt, {.factor = 0.5, .patience = 0}, optim::curve::Warmup{2});
  CHECK(opt.lr() == 0.25);
  schedule.observe(1);
  schedule.observe(1);
  CHECK(opt.lr() == 0.125);
  schedule.step();
  CHECK(opt.lr() == 0.25);
}

TEST_CASE_FIXTURE(Fixture, "a restored plateau goes on where it stopped") {
  const optim::PlateauOptions options{.factor = 0.5, .patience = 2, .cooldown = 2, .floor = 0.2};
  for (size_t stop = 0; stop < kPlateauMetric.size(); ++stop) {
    CAPTURE(stop);
    optim::ReduceOnPlateau first(opt, options);
    for (size_t n = 0; n < stop; ++n) first.observe(kPlateauMetric[n]);
    nn::Params params2 = small_model();
    optim::SGD opt2(params2, {.lr = 0.5});
    optim::ReduceOnPlateau second(opt2, options);
    second.load(first.save());
    for (size_t n = stop; n < kPlateauMetric.size(); ++n) {
      CHECK(opt2.lr() == doctest::Approx(kTorchPlateau[n]));
      second.observe(kPlateauMetric[n]);
    }
  }
}

TEST_CASE_FIXTURE(Fixture, "what a plateau refuses") {
  using optim::ReduceOnPlateau;
  CHECK(error_of<ValueError>([&] { ReduceOnPlateau(opt, {.factor = 1}); }) ==
        "ReduceOnPlateau: factor = 1; it must be at least 0 and below 1");
  CHECK(error_of<ValueError>([&] { ReduceOnPlateau(opt, {.patience = -1}); }) ==
        "ReduceOnPlateau: patience = -1; it must be 0 or more");
  CHECK(error_of<ValueError>([&] { ReduceOnPlateau(opt, {.threshold = NAN}); }) ==
        "ReduceOnPlateau: threshold = nan; it must be 0 or more");
  CHECK(error_of<ValueError>([&] { ReduceOnPlateau(opt, {.cooldown = -1}); }) ==
        "ReduceOnPlateau: cooldown = -1; it must be 0 or more");
  CHECK(error_of<ValueError>([&] { ReduceOnPlateau(opt, {.floor = 2}); }) ==
        "ReduceOnPlateau: floor = 2; it must be within 0 … 1");
  ReduceOnPlateau schedule(opt);
  CHECK(error_of<FormatError>([&] { schedule.load({}); }) ==
        "ReduceOnPlateau: the state does not fit: missing steps, bad, cooldown, scale, best, "
        "observed; nothing "
        "was loaded");
}

// User-defined schedules, written with the public headers only.
#include <cmath>

#include "tapehead/optim/lr_scheduler.h"
#include "tapehead/optim/sgd.h"
#include "tapehead/optim/state_reader.h"
#include "tapehead/tests/optim_tools.h"

using namespace tapehead;
using namespace tapehead::test;

namespace {

// Halves the learning rate whenever a loss is more than twice the previous one.
struct Careful : optim::LRScheduler {
  explicit Careful(optim::Optimizer& opt)
      : LRScheduler(opt, optim::LinearCurve{.start_factor = 1, .end_factor = 0, .total_iters = 8}) {
  }
  void observe(double loss) {
    if (last > 0 && loss > 2 * last) set_scale(scale() / 2);
    last = loss;
  }
  optim::StateDict save() const override {
    return {
        .numbers = {{"steps", static_cast<double>(steps())}, {"scale", scale()}, {"last", last}}};
  }
  void load(const optim::StateDict& state) override {
    optim::StateReader reader("Careful", state);
    const int64_t steps = reader.count("steps");
    const double scale = reader.number("scale"), loss = reader.number("last");
    reader.finish();
    restore(steps, scale);
    last = loss;
  }
  double last = 0;
};

}  // namespace

TEST_CASE("a user's schedule moves the learning rate, and its state is saved and restored") {
  nn::Params params = small_model({"w"});
  optim::SGD opt(params, {.lr = 0.5}), other(params, {.lr = 0.5});
  Careful schedule(opt), resumed(other);
  const double losses[] = {1, 3, 2, 5, 5};
  const auto follow = [&](Careful& s, size_t from) {
    std::vector<double> rates;
    for (size_t i = from; i < 5; ++i) {
      s.observe(losses[i]);
      s.step();
      rates.push_back(s.lr());
    }
    return rates;
  };
  for (size_t i = 0; i < 2; ++i) {
    schedule.observe(losses[i]);
    schedule.step();
  }
  CHECK(opt.lr() == 0.5 * 0.75 / 2);
  resumed.load(schedule.save());
  CHECK(other.lr() == opt.lr());
  const auto rates = follow(schedule, 2);
  CHECK(rates == std::vector<double>{0.25 * 5 / 8, 0.125 * 4 / 8, 0.125 * 3 / 8});
  CHECK(follow(resumed, 2) == rates);
  CHECK(error_of<FormatError>([&] {
          resumed.load({.numbers = {{"steps", 1}, {"best", 2}}});
        }) ==
        "Careful: the state does not fit: missing scale, last; unexpected best; nothing was "
        "loaded");
}

TEST_CASE("a schedule may step by rules of its own") {
  struct Twice : optim::LRScheduler {
    explicit Twice(optim::Optimizer& opt)
        : LRScheduler(opt, [](int64_t n) { return std::pow(0.5, n); }) {}
    void step() override { restore(steps() + 2, 1); }
  };
  nn::Params params = small_model({"w"});
  optim::SGD opt(params, {.lr = 1});
  Twice schedule(opt);
  static_cast<optim::LRScheduler&>(schedule).step();
  CHECK(opt.lr() == 0.25);
  CHECK(schedule.steps() == 2);
}

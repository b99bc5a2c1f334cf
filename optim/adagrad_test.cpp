#include "tapehead/optim/adagrad.h"

#include <cmath>

#include "tapehead/tests/optim_tools.h"

using namespace tapehead;
using namespace tapehead::test;

TEST_CASE("Adagrad follows its formula, in groups, and goes on from a saved state") {
  const optim::AdagradOptions options = {.lr = 0.5,
                                         .lr_decay = 0.25,
                                         .weight_decay = 0.125,
                                         .initial_accumulator_value = 0.5,
                                         .eps = 1e-3};
  const std::vector<optim::GroupRule<optim::AdagradOptions>> groups = {
      {"bias", {.weight_decay = 0, .maximize = true}}};
  for (const DType dtype : {f32, f64}) {
    CAPTURE(name(dtype));
    const Tensor weight = leaf({1, -2}, dtype), bias = leaf({3}, dtype);
    const std::vector<nn::Param> params = {{"weight", weight}, {"bias", bias}};
    optim::StateDict state;
    double w = -2, b = 3, sum_w = 0.5, sum_b = 0.5;
    for (int step = 1; step <= 6; ++step) {
      optim::Adagrad opt(params, options, groups);
      if (step > 1) opt.load(state);
      give(weight, {0.25, 0.5 * step});
      give(bias, {1.0 / step});
      opt.step();
      state = opt.save();
      const double lr = 0.5 / (1 + (step - 1) * 0.25);
      const double gw = 0.5 * step + 0.125 * w, gb = -1.0 / step;
      sum_w += gw * gw;
      sum_b += gb * gb;
      w -= lr * gw / (std::sqrt(sum_w) + 1e-3);
      b -= lr * gb / (std::sqrt(sum_b) + 1e-3);
      CHECK(values(weight)[1] == doctest::Approx(w).epsilon(dtype == f64 ? 1e-12 : 1e-5));
      CHECK(values(bias)[0] == doctest::Approx(b).epsilon(dtype == f64 ? 1e-7 : 1e-5));
    }
  }
  CHECK(error_of<ValueError>([&] {
          optim::Adagrad({{"w", leaf({1})}}, {.lr_decay = -1});
        }) == "Adagrad: lr_decay = -1; it must be 0 or more");
}

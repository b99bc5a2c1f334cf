#include "tapehead/nn/positions.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using tapehead::testing::error_of;

TEST_CASE("learned positions are added from the start given") {
  nn::Params params(1);
  const nn::LearnedPositions position(params / "position", 5, 3, nn::init::normal());
  params.to(f64);
  const Tensor x = randn({2, 2, 3}, f64);
  const Tensor wanted = x + position.weight.slice(0, 3, 5);
  CHECK(max(abs(position(x, 3) - wanted)).item() == 0);
  gradcheck([&](const Tensor& t, const Tensor&) { return position(t, 1); }, {x, position.weight});
}

TEST_CASE("what learned positions refuse") {
  nn::Params params;
  const nn::LearnedPositions position(params / "position", 5, 3, nn::init::normal());
  const char* longer =
      "positions: a sequence of 6, but there are 5 positions; pass fewer, or make a model with "
      "more "
      "(in position)";
  CHECK(error_of<ValueError>([&] { position(zeros({1, 6, 3})); }) == longer);
  CHECK(error_of<ValueError>([&] { position(zeros({1, 2, 3}), 4); }) == longer);
  CHECK(error_of<ShapeError>([&] {
          position(zeros({1, 2, 4}));
        }) == "positions: x is [1, 2, 4]; expected [B, T, 3] (in position)");
}

TEST_CASE("sinusoidal positions") {
  const Tensor p = nn::sinusoidal_positions(3, 4, 2);
  const std::vector<double> row = p[1].to_vector<double>();  // position 3
  CHECK(row[0] == doctest::Approx(std::sin(3)));
  CHECK(row[1] == doctest::Approx(std::cos(3)));
  CHECK(row[2] == doctest::Approx(std::sin(0.03)));
  CHECK(row[3] == doctest::Approx(std::cos(0.03)));
  const Tensor grid = nn::sinusoidal_positions_2d(2, 3, 4);
  CHECK(grid.shape() == Shape{6, 4});
  CHECK(grid[4].to_vector<double>()[0] == doctest::Approx(std::sin(1)));  // row 1, column 1
  CHECK(grid[2].to_vector<double>()[2] == doctest::Approx(std::sin(2)));  // row 0, column 2
}

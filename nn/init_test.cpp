#include "tapehead/nn/init.h"

#include <algorithm>
#include <cmath>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/tests/optim_tools.h"

using namespace tapehead;
using namespace tapehead::test;
using nn::init::FanMode, nn::init::Nonlinearity;

namespace {

Tensor made(const nn::Init& init, const Shape& shape, DType dtype = f64, uint64_t seed = 5) {
  Generator generator{.seed = seed};
  const Tensor w = core::empty(shape, dtype);
  init(w, generator);
  return w;
}

}  // namespace

TEST_CASE("calculate_gain, as PyTorch's") {
  CHECK(nn::init::calculate_gain(Nonlinearity::linear) == 1);
  CHECK(nn::init::calculate_gain(Nonlinearity::sigmoid) == 1);
  CHECK(nn::init::calculate_gain(Nonlinearity::tanh) == 1.6666666666666667);
  CHECK(nn::init::calculate_gain(Nonlinearity::relu) == 1.4142135623730951);
  CHECK(nn::init::calculate_gain(Nonlinearity::leaky_relu) == 1.4141428569978354);
  CHECK(nn::init::calculate_gain(Nonlinearity::leaky_relu, 0.5) == 1.2649110640673518);
  CHECK(nn::init::calculate_gain(Nonlinearity::selu) == 0.75);
}

TEST_CASE("kaiming and xavier: the deviation follows from the fans, also of convolutions") {
  // fan_in = 20 × 3 × 3 = 180, fan_out = 30 × 3 × 3 = 270
  const Shape shape = {30, 20, 3, 3};
  struct Row {
    const char* name;
    nn::Init init;
    double std, bound;  // bound: of a uniform distribution, else 0
  };
  const Row rows[] = {
      {"kaiming_normal", nn::init::kaiming_normal(), std::sqrt(2.0 / 180), 0},
      {"kaiming_normal, fan_out", nn::init::kaiming_normal(0, FanMode::fan_out),
       std::sqrt(2.0 / 270), 0},
      {"kaiming_normal, tanh", nn::init::kaiming_normal(0, FanMode::fan_in, Nonlinearity::tanh),
       5.0 / 3 / std::sqrt(180), 0},
      {"kaiming_uniform", nn::init::kaiming_uniform(std::sqrt(5)), std::sqrt(1.0 / 3 / 180),
       std::sqrt(1.0 / 180)},
      {"kaiming_uniform, fan_out",
       nn::init::kaiming_uniform(0, FanMode::fan_out, Nonlinearity::relu), std::sqrt(2.0 / 270),
       std::sqrt(6.0 / 270)},
      {"xavier_normal", nn::init::xavier_normal(3), 3 * std::sqrt(2.0 / 450), 0},
      {"xavier_uniform", nn::init::xavier_uniform(), std::sqrt(2.0 / 450), std::sqrt(6.0 / 450)},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    double sum = 0, squares = 0, largest = 0;
    const std::vector<double> w = values(made(row.init, shape));
    for (const double v : w) {
      sum += v;
      squares += v * v;
      largest = std::max(largest, std::abs(v));
    }
    const auto n = static_cast<double>(w.size());
    CHECK(std::abs(sum / n) < 4 * row.std / std::sqrt(n));
    CHECK(std::sqrt(squares / n) == doctest::Approx(row.std).epsilon(0.04));
    if (row.bound == 0) continue;
    CHECK(largest <= row.bound);
    CHECK(largest > 0.99 * row.bound);
  }
}

TEST_CASE("trunc_normal stays within its bounds") {
  const std::vector<double> w = values(made(nn::init::trunc_normal(1, 2, 0, 1.5), {4000}));
  CHECK(*std::min_element(w.begin(), w.end()) >= 0);
  CHECK(*std::max_element(w.begin(), w.end()) <= 1.5);
  double sum = 0;
  for (const double v : w) sum += v;
  CHECK(sum / 4000 == doctest::Approx(0.7615).epsilon(0.02));  // the distribution's mean
}

TEST_CASE("eye and dirac") {
  CHECK(values(made(nn::init::eye(), {2, 3}, bf16)) == std::vector<double>{1, 0, 0, 0, 1, 0});
  struct Row {
    Shape shape;
    int64_t groups;
    std::vector<size_t> ones;  // recorded from PyTorch's dirac_: flat indices
  };
  const Row rows[] = {
      {{3, 2, 3}, 1, {1, 10}},
      {{2, 3, 2, 3}, 1, {4, 28}},
      {{4, 2, 3, 3}, 2, {4, 31, 40, 67}},
      {{2, 2, 1, 2, 3}, 2, {4, 16}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.shape.str());
    std::vector<double> want(static_cast<size_t>(row.shape.numel()), 0);
    for (const size_t i : row.ones) want[i] = 1;
    CHECK(values(made(nn::init::dirac(row.groups), row.shape, f32)) == want);
  }
}

TEST_CASE("sparse: so many zeros in each column, at other rows") {
  const std::vector<double> w = values(made(nn::init::sparse(0.35, 2), {10, 200}));
  std::vector<int> zeros_of_row(10, 0);
  double squares = 0;
  for (size_t column = 0; column < 200; ++column) {
    int zeros = 0;
    for (size_t row = 0; row < 10; ++row) {
      const double v = w[row * 200 + column];
      zeros += v == 0;
      zeros_of_row[row] += v == 0;
      squares += v * v;
    }
    CHECK(zeros == 4);
  }
  for (const int zeros : zeros_of_row) CHECK(std::abs(zeros - 80) < 35);  // 5 standard deviations
  CHECK(std::sqrt(squares / 1200) == doctest::Approx(2).epsilon(0.08));
}

TEST_CASE("init: errors") {
  CHECK(error_of<ShapeError>([] {
          made(nn::init::eye(), {2, 2, 2});
        }) == "eye: the parameter is [2, 2, 2]; it must be a matrix");
  CHECK(error_of<ShapeError>([] { made(nn::init::sparse(0.5), {2}); }) ==
        "sparse: the parameter is [2]; it must be a matrix");
  CHECK(error_of<ValueError>([] { nn::init::sparse(1.5); }) ==
        "sparse: sparsity = 1.5; it must be within 0 … 1");
  CHECK(error_of<ShapeError>([] {
          made(nn::init::dirac(), {2, 2});
        }) == "dirac: the parameter is [2, 2]; it must be a convolution's, of three to five axes");
  CHECK(error_of<ValueError>([] {
          made(nn::init::dirac(2), {3, 2, 1});
        }) == "dirac: groups = 2 of 3 out channels; it must divide them");
}

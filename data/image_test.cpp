#include "tapehead/data/image.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using tapehead::testing::error_of;
using tapehead::testing::values;

namespace {

// A spot of light at a place, fading with the distance: its middle can be measured.
Tensor spot(double x, double y, int64_t side = 33) {
  const Tensor image = zeros({1, 1, side, side});
  for (int64_t i = 0; i < side; ++i)
    for (int64_t j = 0; j < side; ++j)
      image.data<float>()[i * side + j] = static_cast<float>(std::exp(
          -(std::pow(static_cast<double>(j) - x, 2) + std::pow(static_cast<double>(i) - y, 2)) /
          8));
  return image;
}

std::pair<double, double> middle(const Tensor& image) {
  double x = 0, y = 0, all = 0;
  const int64_t side = image.size(2);
  for (int64_t i = 0; i < side; ++i)
    for (int64_t j = 0; j < side; ++j) {
      const double light = image.data<float>()[i * side + j];
      x += light * static_cast<double>(j);
      y += light * static_cast<double>(i);
      all += light;
    }
  return {x / all, y / all};
}

}  // namespace

TEST_CASE("random_affine: without changes an image stays as it is") {
  const Tensor images = rand({2, 3, 5, 4});
  const std::vector<uint64_t> seeds{1, 2};
  CHECK(values(data::random_affine(images, {}, seeds)) == values(images));
}

TEST_CASE("random_affine: every change is within its limit, and reaches towards it") {
  const double m = 16, r = 8;  // a spot to the right of the middle
  double most_turn = 0, most_shift = 0, most_scale = 0, most_shear = 0;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    const std::vector<uint64_t> one{seed};
    const auto [tx, ty] = middle(data::random_affine(spot(m + r, m), {.rotate = 30}, one));
    const double turn = std::abs(std::atan2(ty - m, tx - m)) * 57.2958;
    CHECK(std::hypot(tx - m, ty - m) == doctest::Approx(r).epsilon(0.02));
    most_turn = std::max(most_turn, turn);
    const auto [sx, sy] = middle(data::random_affine(spot(m, m), {.shift = 0.1}, one));
    most_shift = std::max({most_shift, std::abs(sx - m), std::abs(sy - m)});
    const auto [x, y] = middle(data::random_affine(spot(m + r, m), {.scale = 0.2}, one));
    CHECK(std::abs(y - m) < 0.05);
    most_scale = std::max(most_scale, std::abs(x - m - r) / r);
    const auto [lx, ly] = middle(data::random_affine(spot(m + r, m), {.shear = 20}, one));
    CHECK(std::abs(lx - m - r) < 0.05);
    most_shear = std::max(most_shear, std::abs(ly - m) / r);
  }
  const auto near = [](double got, double limit) {
    return got < limit * 1.02 && got > limit * 0.8;
  };
  CHECK(near(most_turn, 30));
  CHECK(near(most_shift, 3.3));
  CHECK(near(most_scale, 0.2));
  CHECK(near(most_shear, std::tan(20 / 57.2958)));
}

TEST_CASE("random_affine: an image depends on its own seed alone, and what comes in is `fill`") {
  const Tensor images = rand({3, 2, 6, 6});
  const data::RandomAffineOptions all{
      .rotate = 20, .shift = 0.3, .scale = 0.3, .shear = 10, .fill = -1};
  const std::vector<uint64_t> seeds{4, 5, 6}, one{5};
  const Tensor together = data::random_affine(images, all, seeds);
  CHECK(values(data::random_affine(images.slice(0, 1, 2), all, one)) ==
        values(together.slice(0, 1, 2)));
  double least = 1;
  for (const double v : values(together)) least = std::min(least, v);
  CHECK(least == -1);
  // Both channels of an image move alike.
  const Tensor twins = images.slice(1, 0, 1).expand({3, 2, 6, 6});
  const Tensor moved = data::random_affine(twins, all, seeds);
  CHECK(values(moved.slice(1, 0, 1)) == values(moved.slice(1, 1, 2)));
}

TEST_CASE("random_affine: what it refuses") {
  const std::vector<uint64_t> one{1};
  const Tensor image = zeros({1, 1, 4, 4});
  CHECK(error_of<ShapeError>([&] {
          data::random_affine(zeros({2, 1, 4, 4}), {}, one);
        }) ==
        "random_affine: images are [2, 1, 4, 4] for 1 seeds; expected [B, C, H, W] and a seed for "
        "each");
  CHECK(error_of<DTypeError>([&] { data::random_affine(image.to(f64), {}, one); }) ==
        "random_affine: images are f64; expected f32, so convert them");
  const std::pair<data::RandomAffineOptions, const char*> cases[] = {
      {{.rotate = -1}, "rotate is -1; it must be at least 0 and below 360"},
      {{.shift = 1}, "shift is 1; it must be at least 0 and below 1"},
      {{.scale = std::nan("")}, "scale is nan; it must be at least 0 and below 1"},
      {{.shear = 90}, "shear is 90; it must be at least 0 and below 90"}};
  for (const auto& row : cases)
    CHECK(error_of<ValueError>([&] { data::random_affine(image, row.first, one); }) ==
          "random_affine: " + std::string(row.second));
}

#include "tapehead/train/detail/page_image.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tapehead/autograd/ops.h"
#include "tapehead/tests/embedded_images.h"
#include "tapehead/tests/xml_check.h"

namespace tapehead::page_image_test {

using namespace train;

TEST_CASE("page_image: an image of any size survives its embedding") {
  for (int64_t width = 1; width <= 4; ++width) {
    CAPTURE(width);
    const Tensor image = arange(3 * 2 * width).to(u8).reshape({3, 2, width});
    Svg svg(10, 10, "");
    draw_image(svg, image, {0, 0, 1, 1});
    define_image(svg, "a", image, 1, 1);
    draw_defined_image(svg, "a", 0, 0);
    const std::string text = svg.finish();
    CHECK(test::xml_fault(text) == "");
    const std::vector<Tensor> found = test::embedded_images(text);
    REQUIRE(found.size() == 2);
    for (const Tensor& one : found) CHECK(one.str() == image.str());
  }
}

TEST_CASE("page_image: pixels are repeated or averaged to about two per unit of the page") {
  const std::vector<float> pixels = {0, 1, 0.5F, NAN, -1, 2, 1, 1, 0, 0, 1, 1};  // [1, 2, 6]
  CHECK(page_pixels(pixels, 1, 2, 6, 1).str() ==
        tensor({0, 255, 128, 0, 0, 255, 255, 255, 0, 0, 255, 255}).to(u8).reshape({1, 2, 6}).str());
  CHECK(page_pixels(pixels, 1, 2, 6, 2).shape() == Shape{1, 4, 12});
  CHECK(page_pixels(pixels, 1, 2, 6, 1.2).shape() == Shape{1, 4, 12});
  CHECK(page_pixels(pixels, 3, 2, 2, 1).shape() == Shape{3, 2, 2});
  const std::vector<float> steps = {0, 0.5F, 1, 1, 0.5F, 1, 0, 0};  // [1, 2, 4]
  CHECK(page_pixels(steps, 1, 2, 4, 0.5).str() ==
        tensor({128, 128}).to(u8).reshape({1, 1, 2}).str());
  CHECK(page_pixels(steps, 1, 2, 4, 0.01).shape() == Shape{1, 1, 2});
}

TEST_CASE("page_image: maps are smooth, and between their smallest and largest weight") {
  const std::vector<float> even(6, 0.25F);
  for (const float weight : smooth_map(even, 2, 3, 5, 7)) CHECK(weight == doctest::Approx(0.25));
  // A ramp stays one, except near the edges.
  std::vector<float> ramp;
  for (int i = 0; i < 8; ++i) ramp.push_back(static_cast<float>(i));
  const std::vector<float> across = smooth_map(ramp, 1, 8, 1, 32);
  for (size_t x = 8; x < 24; ++x)
    CHECK(across[x] == doctest::Approx((static_cast<double>(x) + 0.5) / 4 - 0.5));
  CHECK(smooth_map(ramp, 8, 1, 32, 1) == across);
  // A single weight becomes a bump in its region.
  const std::vector<float> one = {0, 0, 0, 0, 1, 0, 0, 0, 0};
  const std::vector<float> bump = smooth_map(one, 3, 3, 9, 9);
  const auto top = std::max_element(bump.begin(), bump.end());
  CHECK(top - bump.begin() == 4 * 9 + 4);
  CHECK(*top > 0.4);
  CHECK(*top < 0.7);
  for (const float weight : bump) CHECK(weight >= 0);
  for (size_t y = 0; y < 9; ++y)
    for (size_t x = 0; x < 4; ++x) CHECK(bump[y * 9 + x] == doctest::Approx(bump[y * 9 + 8 - x]));
}

TEST_CASE("page_image: sizes") {
  CHECK(sizes_match(6, 2, 3));
  CHECK(sizes_match(24, 2, 3, 4));
  CHECK(!sizes_match(7, 2, 3));
  CHECK(!sizes_match(0, 0, 3));
  CHECK(!sizes_match(6, -2, -3));
  CHECK(!sizes_match(0, int64_t{1} << 32, int64_t{1} << 32, 2));
}

}  // namespace tapehead::page_image_test

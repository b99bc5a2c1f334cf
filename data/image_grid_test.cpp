#include "tapehead/data/image_grid.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/data/png.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/scratch.h"

namespace tapehead::image_grid_test {

using data::make_grid;
using testing::error_of;

TEST_CASE("make_grid: rows of images with padding between and around") {
  // Three images of 1 x 2 pixels in two rows.
  const Tensor images = from_vector<float>({-1, 0, 1, 2, -3, 0.5F}, {3, 1, 2});
  const Tensor grid =
      make_grid(images, {.nrow = 2, .padding = 1, .pad_value = 1, .value_range = {-1, 1}});
  CHECK(grid.dtype() == u8);
  CHECK(grid.shape() == Shape{1, 5, 7});
  const std::vector<int64_t> expected = {255, 255, 255, 255, 255, 255, 255,  //
                                         255, 0,   128, 255, 255, 255, 255,  //
                                         255, 255, 255, 255, 255, 255, 255,  //
                                         255, 0,   191, 255, 255, 255, 255,  //
                                         255, 255, 255, 255, 255, 255, 255};
  CHECK(grid.to_vector<int64_t>() == expected);
  CHECK(make_grid(zeros({2, 3, 4, 5})).shape() == Shape{3, 8, 16});
  const test::Scratch folder;
  data::save_image(folder / "grid.png", images, {.nrow = 2});
  CHECK(data::read_png(folder / "grid.png").shape() == Shape{1, 8, 10});
}

TEST_CASE("make_grid: what it refuses") {
  const Tensor one = zeros({1, 2, 2});
  CHECK(error_of<ShapeError>([] {
          make_grid(zeros({2, 5, 3, 3}));
        }) ==
        "make_grid: the images are [2, 5, 3, 3]; expected [B, H, W] or [B, C, H, W] with 1 to 4 "
        "channels, and at least one pixel");
  CHECK(error_of<DTypeError>([] {
          make_grid(zeros({1, 2, 2}, u8));
        }) == "make_grid: expected a floating tensor, got [1, 2, 2] u8; convert with to(f32)");
  CHECK(error_of<ValueError>([&] { make_grid(one, {.nrow = 0}); }) ==
        "make_grid: nrow = 0; it must be at least 1");
  CHECK(error_of<ValueError>([&] { make_grid(one, {.padding = -1}); }) ==
        "make_grid: padding = -1; it must be in 0..1024");
  CHECK(error_of<ValueError>([&] {
          make_grid(one, {.value_range = {1, 1}});
        }) == "make_grid: value_range = {1, 1}; it must be finite and in ascending order");
  CHECK(error_of<ValueError>([] {
          make_grid(full({1, 1, 1}, std::nan("")));
        }) == "make_grid: the images contain NaN");
}

}  // namespace tapehead::image_grid_test

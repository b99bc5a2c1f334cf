#include "tapehead/data/resize.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/oracles/image_cases.h"
#include "tapehead/tests/oracles/image_hex.h"

namespace tapehead::resize_test {

using namespace data;
using testing::difference, testing::error_of, testing::values;

namespace {

// The image of tests/oracles/images.py; channel c of a batch adds c.
Tensor picture(int64_t channels, int64_t height, int64_t width, DType dtype) {
  std::vector<double> pixels;
  for (int64_t c = 0; c < channels; ++c)
    for (int64_t y = 0; y < height; ++y)
      for (int64_t x = 0; x < width; ++x)
        pixels.push_back(static_cast<double>((23 * c + 11 * y + 7 * x + (x > y ? 120 : 0)) % 256));
  return core::cast(from_vector(pixels, {channels, height, width}), dtype);
}

InterpolationMode mode_of(const std::string& name) {
  return name == "bilinear"  ? InterpolationMode::bilinear
         : name == "bicubic" ? InterpolationMode::bicubic
                             : InterpolationMode::lanczos;
}

}  // namespace

TEST_CASE("resize: Pillow's bits in u8, its numbers in f32 and f64") {
  for (const test::ResizeCase& row : test::kResizeCases) {
    CAPTURE(row.interpolation);
    CAPTURE(row.to_height);
    CAPTURE(row.to_width);
    const auto resized = [&](DType dtype) {
      return resize(picture(1, row.height, row.width, dtype), row.to_height, row.to_width,
                    mode_of(row.interpolation));
    };
    const Tensor bytes = resized(u8);
    CHECK(bytes.shape() == Shape{1, row.to_height, row.to_width});
    std::string found;
    for (const int64_t pixel : bytes.to_vector<int64_t>()) found += static_cast<char>(pixel);
    CHECK(found == test::bytes_of_hex(row.pixels));
    if (row.floats.empty()) continue;
    CHECK(difference(resized(f32), row.floats) < 1e-3);
    CHECK(difference(resized(f64), row.floats) < 1e-3);
  }
}

TEST_CASE("resize: batches, gaps, the same size, one pixel") {
  for (const DType dtype : {u8, f32}) {
    CAPTURE(name(dtype));
    const Tensor images = picture(6, 9, 8, dtype);
    const Tensor batch = resize(core::reshape(images, {2, 3, 9, 8}), 4, 5);
    CHECK(batch.shape() == Shape{2, 3, 4, 5});
    for (int64_t c = 0; c < 6; ++c)
      CHECK(values(core::select(core::reshape(batch, {6, 4, 5}), 0, c)) ==
            values(resize(core::select(images, 0, c), 4, 5)));
    const Tensor turned = core::transpose(images, 1, 2);
    CHECK(values(resize(turned, 3, 4)) == values(resize(core::contiguous(turned), 3, 4)));
    for (const auto mode :
         {InterpolationMode::bilinear, InterpolationMode::bicubic, InterpolationMode::lanczos})
      CHECK(difference(resize(images, 9, 8, mode), images) < 1e-4);
    CHECK(values(resize(core::cast(full({1, 1, 1}, 7), dtype), 2, 3)) == std::vector<double>(6, 7));
    CHECK(resize(core::empty({0, 3, 4, 4}, dtype), 2, 2).shape() == Shape{0, 3, 2, 2});
  }
}

TEST_CASE("Resize: the shorter side, and a limit for the longer one") {
  struct Row {
    Resize resize;
    Shape image, shape;
  };
  const Row rows[] = {
      {{.size = {3, 5}}, {3, 4, 4}, {3, 3, 5}},
      {{.size = {32}}, {3, 48, 64}, {3, 32, 42}},
      {{.size = {32}}, {3, 64, 48}, {3, 42, 32}},
      {{.size = {32}}, {2, 3, 7, 7}, {2, 3, 32, 32}},
      {{.size = {32}, .max_size = 40}, {3, 64, 48}, {3, 40, 30}},
      {{.size = {32}, .max_size = 50}, {3, 48, 64}, {3, 32, 42}},
  };
  for (const Row& row : rows) CHECK(row.resize(zeros(row.image, u8)).shape() == row.shape);
}

TEST_CASE("crop: inside and beyond the image") {
  const Tensor image = core::cast(arange(6), f32).reshape({1, 2, 3});
  CHECK(values(crop(image, 0, 1, 2, 2)) == std::vector<double>{1, 2, 4, 5});
  CHECK(values(crop(image, 1, -1, 2, 2)) == std::vector<double>{0, 3, 0, 0});
}

TEST_CASE("RandomResizedCrop: a part of each image, of the given area and proportions") {
  // Pixels that are linear in y and x tell which part a result shows.
  constexpr int64_t kImages = 200, kHeight = 40, kWidth = 60;
  std::vector<double> pixels;
  for (int64_t c = 0; c < 2; ++c)
    for (int64_t y = 0; y < kHeight; ++y)
      for (int64_t x = 0; x < kWidth; ++x)
        pixels.push_back(static_cast<double>(c == 0 ? y : x) + 0.5);
  const Tensor image = from_vector(pixels, {2, kHeight, kWidth});
  const Tensor batch =
      core::expand(core::reshape(image, {1, 2, kHeight, kWidth}), {kImages, 2, kHeight, kWidth});
  Generator generator{.seed = 3}, same{.seed = 3};
  const RandomResizedCrop transform{
      .height = 16, .width = 16, .scale = {0.2, 0.6}, .ratio = {0.5, 2}};
  const Tensor out = transform(batch, generator);
  CHECK(out.shape() == Shape{kImages, 2, 16, 16});
  CHECK(values(out) == values(transform(batch, same)));
  double least_area = 1, most_area = 0, least_ratio = 9, most_ratio = 0;
  for (int64_t i = 0; i < kImages; ++i) {
    const std::vector<double> part = values(core::select(out, 0, i));
    // Between the middles of the second row and the last but one, which are off the edges.
    const double height = (part[14 * 16] - part[16]) / 13 * 16,
                 width = (part[256 + 14] - part[256 + 1]) / 13 * 16;
    const double area = height * width / (kHeight * kWidth), ratio = width / height;
    least_area = std::min(least_area, area), most_area = std::max(most_area, area);
    least_ratio = std::min(least_ratio, ratio), most_ratio = std::max(most_ratio, ratio);
  }
  CHECK(least_area > 0.17);
  CHECK(least_area < 0.25);
  CHECK(most_area < 0.64);
  CHECK(most_area > 0.5);
  CHECK(least_ratio > 0.45);
  CHECK(least_ratio < 0.6);
  CHECK(most_ratio < 2.2);
  CHECK(most_ratio > 1.7);
  // No square fits a line: the middle.
  const Tensor line = core::cast(arange(9), f32).reshape({1, 1, 9});
  CHECK(values(RandomResizedCrop{.height = 1, .width = 1, .scale = {1, 1}, .ratio = {1, 1}}(
            line)) == std::vector<double>{4});
}

TEST_CASE("RandomResizedCrop: sides are rounded as in torchvision, halves to even numbers") {
  // A square of a quarter of 5 x 5 pixels has sides of 2.5: 2 x 2 pixels as they are.
  const Tensor square = core::cast(arange(25), f32).reshape({1, 5, 5});
  const std::vector<double> part = values(
      RandomResizedCrop{.height = 2, .width = 2, .scale = {0.25, 0.25}, .ratio = {1, 1}}(square));
  CHECK(part[1] - part[0] == 1);
  CHECK(part[2] - part[0] == 5);
  // The middle of 10 x 100 pixels with proportions of 0.8 is 12.5 high: 12 rows from 44 on.
  const Tensor tall = core::cast(arange(1000), f32).reshape({1, 100, 10});
  CHECK(values(RandomResizedCrop{.height = 12, .width = 10, .scale = {1, 1}, .ratio = {0.8, 0.8}}(
            tall)) == values(crop(tall, 44, 0, 12, 10)));
}

TEST_CASE("resize and its transforms: errors") {
  const Tensor image = zeros({1, 2, 3});
  CHECK(error_of<ValueError>([&] { resize(image, 0, 4); }) ==
        "resize: height = 0, width = 4; both must be 1 or more");
  CHECK(error_of<ShapeError>([&] {
          resize(zeros({1, 0, 3}), 1, 4);
        }) == "resize: images are [1, 0, 3]; they must have at least a row and a column");
  CHECK(error_of<ShapeError>([&] { resize(zeros({3}), 1, 4); }) ==
        "resize: images are [3]; expected [C, H, W] or [B, C, H, W]");
  CHECK(error_of<DTypeError>([&] {
          resize(zeros({1, 2, 3}, i64), 1, 4);
        }) == "resize: images are i64; expected u8, f32 or f64");
  CHECK(error_of<ValueError>([&] {
          Resize{.size = {1, 2, 3}}(image);
        }) == "Resize: size has 3 numbers; give {height, width}, or one for the shorter side");
  CHECK(error_of<ValueError>([&] {
          Resize{.size = {1, 2}, .max_size = 4}(image);
        }) == "Resize: max_size = 4; it must be 0 or more, and needs a size of one number");
  CHECK(error_of<ValueError>([&] { crop(image, 0, 0, 1, 0); }) ==
        "crop: height = 1, width = 0; both must be 1 or more");
  CHECK(error_of<ValueError>([&] {
          RandomResizedCrop{.height = 1, .width = 1, .ratio = {2, 1}}(image);
        }) ==
        "RandomResizedCrop: ratio = {2, 1}; it must be finite, above 0, and in ascending order");
}

}  // namespace tapehead::resize_test

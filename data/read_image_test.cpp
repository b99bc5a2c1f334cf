#include "tapehead/data/read_image.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string_view>
#include <vector>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/data/png.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/oracles/image_cases.h"
#include "tapehead/tests/oracles/image_hex.h"
#include "tapehead/tests/scratch.h"

namespace tapehead::read_image_test {

using testing::error_of;

TEST_CASE("read_image: pixels are Pillow's") {
  const test::Scratch folder;
  for (const test::ImageCase& row : test::kImageCases) {
    CAPTURE(row.name);
    const Tensor image = data::read_image(folder.write("image", test::bytes_of_hex(row.file)));
    CHECK(image.shape() == Shape{3, row.height, row.width});
    const std::vector<int64_t> pixels = image.to_vector<int64_t>();
    const std::string expected = test::bytes_of_hex(row.pixels);
    REQUIRE(pixels.size() == expected.size());
    int64_t most = 0;
    for (size_t i = 0; i < pixels.size(); ++i)
      most = std::max(most, std::abs(pixels[i] - static_cast<uint8_t>(expected[i])));
    // Colours over the background are rounded in other places.
    CHECK(most <= (std::string_view(row.name).find("alpha") != std::string_view::npos ? 1 : 0));
  }
}

TEST_CASE("read_image: transparent pixels show the background") {
  const test::Scratch folder;
  const std::string path = folder / "a.png";
  data::write_png(path, from_vector(std::vector<uint8_t>{100, 100, 100, 0, 51, 255}, {2, 1, 3}));
  CHECK(data::read_image(path).to_vector<int64_t>() ==
        std::vector<int64_t>{255, 224, 100, 255, 224, 100, 255, 224, 100});
  CHECK(data::read_image(path, {.background = {0, 50, 200}}).to_vector<int64_t>() ==
        std::vector<int64_t>{0, 20, 100, 50, 60, 100, 200, 180, 100});
}

TEST_CASE("read_image: files that are no PNG or JPEG, and too large ones") {
  const test::Scratch folder;
  const std::string path = folder / "a.png";
  struct Row {
    std::string bytes, error;
  };
  using namespace std::string_literals;
  const Row rows[] = {
      {"", ": the file is empty"},
      {"hello", ": neither a PNG nor a JPEG image"},
      {"\x89PNG", ": neither a PNG nor a JPEG image"},
      {"GIF89a", ": a GIF image; convert it to PNG or JPEG"},
      {"RIFF\1\2\3\4WEBPVP8 ", ": a WebP image; convert it to PNG or JPEG"},
      {"II*\0...."s, ": a TIFF image; convert it to PNG or JPEG"},
      {"\0\0\0 ftypheic"s, ": a HEIC image; convert it to PNG or JPEG"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.bytes);
    folder.write("a.png", row.bytes);
    CHECK(error_of<FormatError>([&] { data::read_image(path); }) == path + row.error);
  }
  data::write_png(path, zeros({3, 5, 4}, u8));
  CHECK(data::read_image(path, {.max_pixels = 20}).shape() == Shape{3, 5, 4});
  CHECK(error_of<IoError>([&] { data::read_image(path, {.max_pixels = 19}); }) ==
        path +
            ": an image of 4 x 5 pixels; the limit is 19 pixels; pass a larger max_pixels "
            "for a file that you trust");
  CHECK(error_of<IoError>([&] { data::read_image(path, {.limits = {.bytes = 9}}); }) != "no error");
}

}  // namespace tapehead::read_image_test

#include "tapehead/data/glyphs.h"

#include <doctest/doctest.h>

#include <array>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using tapehead::testing::error_of;

namespace {

using Pixels = std::vector<int64_t>;

Pixels pixels(const Tensor& images, int64_t i) {
  const int64_t n = images.size(1) * images.size(2);
  const uint8_t* first = images.data<uint8_t>() + i * n;
  return {first, first + n};
}

}  // namespace

TEST_CASE("glyphs: every digit comes, drawn, and never the same twice") {
  const data::LabelledImages made = data::glyphs(1, 200);
  CHECK(made.images.shape() == Shape{200, 28, 28});
  CHECK(made.images.dtype() == u8);
  std::array<int, 10> count{};
  for (int64_t i = 0; i < 200; ++i) {
    CAPTURE(i);
    ++count[made.labels.data<uint8_t>()[i]];
    int64_t ink = 0, border = 0;
    const Pixels image = pixels(made.images, i);
    for (int64_t at = 0; at < 28 * 28; ++at) {
      ink += image[static_cast<size_t>(at)];
      if (at < 28 || at >= 27 * 28) border += image[static_cast<size_t>(at)];
    }
    CHECK((ink > 20 * 255 && ink < 300 * 255));
    CHECK(border == 0);  // it fits
    if (i > 0) CHECK(image != pixels(made.images, i - 1));
  }
  for (const int n : count) CHECK((n >= 8 && n <= 35));
}

TEST_CASE("glyphs: the same seed gives the same images, and fewer are the first ones") {
  const data::LabelledImages a = data::glyphs(7, 5, 16), b = data::glyphs(7, 3, 16);
  CHECK(a.images.shape() == Shape{5, 16, 16});
  for (int64_t i = 0; i < 3; ++i) CHECK(pixels(a.images, i) == pixels(b.images, i));
  CHECK(pixels(data::glyphs(8, 1, 16).images, 0) != pixels(b.images, 0));
}

TEST_CASE("glyphs: what they refuse") {
  CHECK(error_of<ValueError>([] { data::glyphs(1, 0); }) ==
        "glyphs: the count is 0; it must be in 1..1,000,000");
  CHECK(error_of<ValueError>([] { data::glyphs(1, 1, 7); }) ==
        "glyphs: the side is 7; it must be in 8..1024");
}

#include "tapehead/train/image_attention.h"

#include <doctest/doctest.h>

#include <cmath>
#include <utility>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/tests/embedded_images.h"
#include "tapehead/tests/scratch.h"
#include "tapehead/tests/xml_check.h"

namespace tapehead::image_attention_test {

using namespace train;
using test::count_of;
using test::embedded_images;
using test::message_of;
using test::xml_fault;

namespace {

const std::vector<float> kPixels = {0, 0, 1, 1, 0, 0, 1, 1};  // [2, 4]
const std::vector<float> kWeights = {0.5F, 0.75F};            // [1, 2]

ImageAttention small() {
  return {.pixels = kPixels,
          .height = 2,
          .width = 4,
          .weights = kWeights,
          .rows = 1,
          .columns = 2,
          .title = "a <7>"};
}

}  // namespace

TEST_CASE("image_attention: the image as it is, and glowing where the weights are") {
  const std::vector<ImageAttention> one{small()};
  const std::string svg = image_attention_svg(one, {.title = "Looks"});
  CHECK(xml_fault(svg) == "");
  CHECK(count_of(svg, "<use ") == 2);
  const std::vector<Tensor> images = embedded_images(svg);
  REQUIRE(images.size() == 2);
  CHECK(images[0].str() ==
        repeat_interleave(repeat_interleave(tensor({0, 0, 255, 255}).to(u8), 7).reshape({1, 1, 28}),
                          14, 1)
            .str());
  const Tensor glow = images[1];  // [4, 14, 28]
  REQUIRE(glow.shape() == Shape{4, 14, 28});
  for (const auto& row : {std::pair{0, 255}, std::pair{1, 140}, std::pair{2, 0}})
    CHECK(glow.select(0, row.first).eq(row.second).all().item<bool>());
  const Tensor opacity = glow.select(0, 3).to(i64);
  CHECK(opacity.select(1, 0).eq(0).all().item<bool>());
  CHECK(opacity.select(1, 27).eq(191).all().item<bool>());  // 0.75 * 255
  CHECK(diff(opacity, 1, 1).ge(0).all().item<bool>());
  for (const char* text : {">Looks</text>", ">a &lt;7&gt;</text>"}) CHECK(count_of(svg, text) == 1);
  CHECK(svg == image_attention_svg(one, {.title = "Looks"}));
}

TEST_CASE("image_attention: images in colour") {
  std::vector<float> pixels;
  for (int i = 0; i < 24; ++i) pixels.push_back(static_cast<float>(i) / 255);
  ImageAttention m = small();
  m.pixels = pixels;
  m.channels = 3;
  const std::vector<Tensor> images =
      embedded_images(image_attention_svg(std::vector{m}, {.pixel = 0.5}));
  CHECK(images[0].str() == arange(24).to(u8).reshape({3, 2, 4}).str());
}

TEST_CASE("image_attention: images of any size and number fit their page") {
  const std::vector<float> dark(9, 0.0F), even(4, 1.0F);
  std::vector<ImageAttention> many(7, small());
  many.push_back(
      {.pixels = dark, .height = 3, .width = 3, .weights = even, .rows = 2, .columns = 2});
  for (const int across : {0, 1, 3, 20}) {
    CAPTURE(across);
    const std::string svg = image_attention_svg(many, {.across = across});
    CHECK(xml_fault(svg) == "");
    CHECK(count_of(svg, "<use ") == 16);
    CHECK(count_of(svg, "<image ") == 16);
  }
  const std::vector<float> none = {0, 0};
  ImageAttention unseen = small();
  unseen.weights = none;
  CHECK(xml_fault(image_attention_svg(std::vector{unseen})) == "");
}

TEST_CASE("image_attention: what it refuses") {
  const auto refuse = [](const ImageAttention& m, const ImageAttentionStyle& style = {}) {
    return message_of<Error>([&] { image_attention_svg(std::vector{m}, style); });
  };
  CHECK(message_of<ValueError>([] { image_attention_svg({}); }) ==
        "image_attention: there is no image to draw");
  ImageAttention m = small();
  m.width = 3;
  CHECK(refuse(m) == "image_attention: image 0 has 8 pixels for 1 x 2 x 3");
  m = small();
  m.channels = 2;
  CHECK(refuse(m) == "image_attention: image 0 has 2 channels; expected 1 or 3");
  m = small();
  m.rows = 0;
  CHECK(refuse(m) == "image_attention: image 0 has 2 weights for 0 x 2 patches");
  const std::vector<float> bad = {0, -1}, nan = {NAN, 0};
  m = small();
  m.weights = bad;
  CHECK(refuse(m) == "image_attention: image 0 has a weight of -1; weights are at least 0");
  m.weights = nan;
  CHECK(refuse(m) == "image_attention: image 0 has a weight of nan; weights are at least 0");
  CHECK(refuse(small(), {.pixel = 0}) ==
        "image_attention: pixel is 0 and across 0; expected more than 0, at most 100, and at least "
        "0");
}

TEST_CASE("image_attention: the file is what was drawn") {
  const test::Scratch folder;
  const std::vector<ImageAttention> one{small()};
  save_image_attention(folder / "a.svg", one);
  CHECK(read_file(folder / "a.svg") == image_attention_svg(one));
}

}  // namespace tapehead::image_attention_test

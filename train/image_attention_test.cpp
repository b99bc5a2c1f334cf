#include "tapehead/train/image_attention.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/tests/scratch.h"
#include "tapehead/tests/xml_check.h"

namespace tapehead::image_attention_test {

using namespace train;
using test::count_of;
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
  CHECK(svg.find(R"(<path d="M0 0h2v1h-2ZM0 1h2v1h-2Z" fill="#000000"/>)") != std::string::npos);
  CHECK(svg.find(R"(<path d="M2 0h2v1h-2ZM2 1h2v1h-2Z" fill="#ffffff"/>)") != std::string::npos);
  // Patch centres are at 0.5 and 2.5, and weights between them are interpolated: pixel 1 has a
  // quarter of the 24 levels, pixel 2 three quarters, pixel 3 all. A level covers 1/32 of the
  // image.
  const std::pair<const char*, const char*> glowing[] = {{"M0 0h1v1h-1ZM0 1h1v1h-1Z", "#000000"},
                                                         {"M1 0h1v1h-1ZM1 1h1v1h-1Z", "#301a00"},
                                                         {"M2 0h1v1h-1ZM2 1h1v1h-1Z", "#ffbe70"},
                                                         {"M3 0h1v1h-1ZM3 1h1v1h-1Z", "#ffa940"}};
  for (const auto& row : glowing) {
    const auto& [path, colour] = row;
    CAPTURE(row.first);
    CHECK(svg.find(fmt::format(R"(<path d="{}" fill="{}"/>)", path, colour)) != std::string::npos);
  }
  for (const char* text : {">Looks</text>", ">a &lt;7&gt;</text>"}) CHECK(count_of(svg, text) == 1);
  CHECK(svg == image_attention_svg(one, {.title = "Looks"}));
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
    CHECK(count_of(svg, "translate(") == 16);
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
  CHECK(refuse(m) == "image_attention: image 0 has 8 pixels for 2 x 3");
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

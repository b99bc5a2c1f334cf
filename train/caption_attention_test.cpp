#include "tapehead/train/caption_attention.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/tests/embedded_images.h"
#include "tapehead/tests/scratch.h"
#include "tapehead/tests/xml_check.h"

namespace tapehead::caption_attention_test {

using namespace train;
using test::count_of;
using test::embedded_images;
using test::message_of;
using test::xml_fault;

namespace {

const std::vector<float> kPixels(3 * 16 * 8, 1);                  // [3, 16, 8]
const std::vector<float> kWeights = {0.5F, 0, 0.1F, 0.1F, 0, 0};  // 3 words of [2, 1]

CaptionAttention small() {
  return {.pixels = kPixels,
          .height = 16,
          .width = 8,
          .words = {"red", "<cat>", "."},
          .weights = kWeights,
          .rows = 2,
          .columns = 1,
          .title = "a title"};
}

}  // namespace

TEST_CASE("caption_attention: a veil for each word, thin where its weights are") {
  const std::string svg =
      caption_attention_svg(std::vector{small()}, {.title = "Looks", .height = 64});
  CHECK(xml_fault(svg) == "");
  CHECK(count_of(svg, "<use ") == 4);
  const std::vector<Tensor> images = embedded_images(svg);
  REQUIRE(images.size() == 4);
  CHECK(images[0].shape() == Shape{3, 128, 64});
  const auto opacity = [&](size_t word, int64_t y) {
    const Tensor veil = images[1 + word].to(i64);
    CHECK(veil.shape() == Shape{4, 128, 64});
    CHECK(veil.select(0, 0).eq(112).all().item<bool>());
    return veil.select(0, 3).select(0, y).select(0, 5).item<int64_t>();
  };
  CHECK(opacity(0, 0) == 0);
  CHECK(opacity(0, 127) > 170);
  for (int64_t y = 1; y < 128; ++y) CHECK(opacity(0, y) >= opacity(0, y - 1));
  CHECK(opacity(1, 0) == 0);  // equal weights hide nothing
  CHECK(opacity(1, 127) == 0);
  CHECK(opacity(2, 60) == 217);  // no weight at all hides all: 0.85 * 255
  for (const char* text :
       {">Looks</text>", ">a title</text>", ">red</text>", ">&lt;cat&gt;</text>"})
    CHECK(count_of(svg, text) == 1);
  CHECK(svg == caption_attention_svg(std::vector{small()}, {.title = "Looks", .height = 64}));
}

TEST_CASE("caption_attention: captions of any length fit their page") {
  std::vector<CaptionAttention> images(2, small());
  images[0].words = {"a", "b", "c"};
  images[1].words = std::vector<std::string>(40, "incomprehensibilities");
  const std::vector<float> many(80, 0.5F);
  images[1].weights = many;
  images[1].title = "";
  for (const int64_t across : {0, 1, 7, 100}) {
    CAPTURE(across);
    const std::string svg = caption_attention_svg(images, {.across = across, .height = 32});
    CHECK(xml_fault(svg) == "");
    CHECK(count_of(svg, "<use ") == 45);
    CHECK(count_of(svg, "…</text>") == 40);
    const int64_t columns = across == 0 ? 40 : std::min<int64_t>(across, 40);
    if (columns > 1) CHECK(count_of(svg, fmt::format("viewBox=\"0 0 {} ", 48 + 22 * columns)) == 1);
  }
}

TEST_CASE("caption_attention: what it refuses") {
  const auto refuse = [](const CaptionAttention& m, const CaptionAttentionStyle& style = {}) {
    return message_of<Error>([&] { caption_attention_svg(std::vector{m}, style); });
  };
  CHECK(message_of<ValueError>([] { caption_attention_svg({}); }) ==
        "caption_attention: there is no image to draw");
  CaptionAttention m = small();
  m.words.clear();
  CHECK(refuse(m) == "caption_attention: image 0 has no words");
  m = small();
  m.channels = 1;
  CHECK(refuse(m) == "caption_attention: image 0 has 384 pixels for 1 x 16 x 8");
  m.channels = 4;
  CHECK(refuse(m) == "caption_attention: image 0 has 4 channels; expected 1 or 3");
  m = small();
  m.words.emplace_back("more");
  CHECK(refuse(m) == "caption_attention: image 0 has 6 weights for 4 words of 2 x 1 regions");
  const std::vector<float> bad = {0, -1, 0, 0, 0, 0}, nan = {NAN, 0, 0, 0, 0, 0};
  m = small();
  m.weights = bad;
  CHECK(refuse(m) == "caption_attention: image 0 has a weight of -1; weights are at least 0");
  m.weights = nan;
  CHECK(refuse(m) == "caption_attention: image 0 has a weight of nan; weights are at least 0");
  CHECK(refuse(small(), {.height = 1}) ==
        "caption_attention: height is 1 and across 0; expected 8..2000, and at least 0");
}

TEST_CASE("caption_attention: the file is what was drawn") {
  const test::Scratch folder;
  save_caption_attention(folder / "a.svg", std::vector{small()});
  CHECK(read_file(folder / "a.svg") == caption_attention_svg(std::vector{small()}));
}

}  // namespace tapehead::caption_attention_test

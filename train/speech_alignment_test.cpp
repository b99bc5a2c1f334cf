#include "tapehead/train/speech_alignment.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/tests/embedded_images.h"
#include "tapehead/tests/scratch.h"
#include "tapehead/tests/xml_check.h"

namespace tapehead::speech_alignment_test {

using namespace train;
using test::count_of;
using test::message_of;
using test::xml_fault;

namespace {

const std::vector<float> kSpectrogram = {0, 1, 2, 3, 4, 5, 6, 7};  // [4, 2]
const std::vector<float> kWeights = {1, 0, 0, 0.5F};               // [2, 2]

SpeechAlignment small() {
  return {.spectrogram = kSpectrogram,
          .frames = 4,
          .bins = 2,
          .labels = {"<", " "},
          .weights = kWeights,
          .steps = 2,
          .title = "a title"};
}

}  // namespace

TEST_CASE("speech_alignment: the spectrogram, a curve per letter, and the letter at its maximum") {
  const std::vector<SpeechAlignment> one{small()};
  const SpeechAlignmentStyle style{
      .title = "Hears", .seconds_per_frame = 0.1, .width = 100, .row = 10};
  const std::string svg = speech_alignment_svg(one, style);
  CHECK(xml_fault(svg) == "");
  const std::vector<Tensor> images = test::embedded_images(svg);
  REQUIRE(images.size() == 1);
  // High frequencies are on top, loud is dark.
  CHECK(images[0].str() ==
        tensor({234, 191, 148, 105, 255, 212, 169, 126}).to(u8).reshape({1, 2, 4}).str());
  // Rows are at 29 and 39; the largest weight is 18 high, half of it 9.
  CHECK(svg.find(R"(<path d="M25 29L25 11L75 29L75 29Z" fill="#c2410c")") != std::string::npos);
  CHECK(svg.find(R"(<path d="M25 39L25 39L75 30" fill="none")") != std::string::npos);
  CHECK(svg.find(R"(<text x="25" y="9">&lt;</text>)") != std::string::npos);
  CHECK(svg.find(R"(<text x="75" y="28">␣</text>)") != std::string::npos);
  // 0.4 seconds on 100 pixels.
  CHECK(svg.find(R"(<text x="50" y="55">0.20</text>)") != std::string::npos);
  for (const char* text : {">Hears</text>", ">a title</text>", ">time (s)</text>"})
    CHECK(count_of(svg, text) == 1);
  CHECK(svg == speech_alignment_svg(one, style));
}

TEST_CASE("speech_alignment: silence, many letters, several spectrograms") {
  const std::vector<float> silence(6, -3), none(300, 0);
  std::vector<SpeechAlignment> many(2, small());
  many[1] = {.spectrogram = silence,
             .frames = 3,
             .bins = 2,
             .labels = std::vector<std::string>(100, "e"),
             .weights = none,
             .steps = 3,
             .title = ""};
  const std::string svg = speech_alignment_svg(many);
  CHECK(xml_fault(svg) == "");
  CHECK(count_of(svg, "<image ") == 2);
  CHECK(count_of(svg, ">e</text>") == 100);
  CHECK(test::embedded_images(svg)[1].eq(255).all().item<bool>());
}

TEST_CASE("speech_alignment: what it refuses") {
  const auto refuse = [](const SpeechAlignment& m, const SpeechAlignmentStyle& style = {}) {
    return message_of<Error>([&] { speech_alignment_svg(std::vector{m}, style); });
  };
  CHECK(message_of<ValueError>([] { speech_alignment_svg({}); }) ==
        "speech_alignment: there is nothing to draw");
  SpeechAlignment m = small();
  m.bins = 3;
  CHECK(refuse(m) == "speech_alignment: spectrogram 0 has 8 values for 4 frames of 3 bins");
  m = small();
  m.labels.clear();
  CHECK(refuse(m) == "speech_alignment: spectrogram 0 has 4 weights for 0 labels and 2 steps");
  const std::vector<float> bad = {0, -1, 0, 0}, endless = {0, 0, 0, INFINITY, 0, 0, 0, 0};
  m = small();
  m.weights = bad;
  CHECK(refuse(m) == "speech_alignment: spectrogram 0 has a weight of -1; weights are at least 0");
  m = small();
  m.spectrogram = endless;
  CHECK(refuse(m) == "speech_alignment: spectrogram 0 has a value of inf; all must be finite");
  CHECK(
      refuse(small(), {.width = 1}) ==
      "speech_alignment: width is 1, row 0 and seconds_per_frame 0.01; expected 50..10000, 0..200, "
      "and more than 0, at most 3600");
}

TEST_CASE("speech_alignment: the file is what was drawn") {
  const test::Scratch folder;
  save_speech_alignment(folder / "a.svg", std::vector{small()});
  CHECK(read_file(folder / "a.svg") == speech_alignment_svg(std::vector{small()}));
}

}  // namespace tapehead::speech_alignment_test

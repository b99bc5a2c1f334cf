// The captioning example: its kinds of attention, folders of images, and invalid input.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "tapehead/core/creation.h"
#include "tapehead/data/files.h"
#include "tapehead/data/image_grid.h"
#include "tapehead/tests/runs/process.h"
#include "tapehead/tests/runs/special_tokens.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead::test;

namespace {

using Arguments = std::vector<std::string>;

Outcome caption(const Scratch& folder, const Arguments& words, const std::string& input = "") {
  Arguments command{example("caption"), "--channels", "4", "--hidden-size", "16",
                    "--quiet",          "--batch",    "8", "--tests",       "40"};
  command.insert(command.end(), words.begin(), words.end());
  return run(command, {.folder = folder.path(), .input = input});
}

// Only the options that do not belong to the model.
Outcome evaluate(const Scratch& folder, const std::string& model, const Arguments& words = {},
                 const std::string& input = "") {
  Arguments command{example("caption"), "--eval", model};
  command.insert(command.end(), words.begin(), words.end());
  return run(command, {.folder = folder.path(), .input = input});
}

// Writes an image whose halves have these greys.
void put_image(const Scratch& folder, const std::string& name, float left, float right,
               int64_t side = 20) {
  std::vector<float> pixels;
  for (int64_t i = 0; i < 3 * side * side; ++i)
    pixels.push_back(i % side < side / 2 ? left : right);
  std::filesystem::create_directories(folder / "images");
  tapehead::data::save_image(folder / ("images/" + name),
                             tapehead::from_vector(pixels, {1, 3, side, side}), {.padding = 0});
}

void put_corpus(const Scratch& folder) {
  put_image(folder, "a.png", 0.1F, 0.1F);
  put_image(folder, "b.png", 0.9F, 0.9F);
  put_image(folder, "c.png", 0.1F, 0.9F);
  put_image(folder, "d.png", 0.9F, 0.1F);
  folder.write("captions.train.txt",
               "a.png#0\tblack\nb.png#0\twhite\nc.png#0\tblack, white\nd.png#0\twhite, black\n");
}

double value_in(const std::string& line) {
  return std::atof(line.substr(line.rfind(':') + 1).c_str());
}

}  // namespace

TEST_CASE("caption: each kind of attention describes scenes, and scores itself again") {
  for (const char* attention : {"soft", "hard", "transformer", "none"}) {
    CAPTURE(attention);
    const Scratch folder;
    const Outcome outcome =
        caption(folder, {"--smoke", "--channels", "4,8", "--attention", attention});
    CAPTURE(outcome.err);
    REQUIRE(outcome.status == 0);
    CHECK(outcome.last_line().starts_with(
        R"({"example":"caption","metric":"exact_match","value":0)"));
    const bool maps = std::string(attention) != "none";
    CHECK(std::filesystem::exists(folder / "out/caption/attention.svg") == maps);
    CHECK((outcome.out.find("attention at the name of an object: ") != std::string::npos) == maps);
    CHECK(outcome.out.find("greedy: 0.0 % exact, BLEU-1 ") != std::string::npos);
    CHECK(tapehead::data::read_lines(folder / "out/caption/captions.txt").size() == 40);
    CHECK(evaluate(folder, "out/caption").out == outcome.out);
  }
}

TEST_CASE("caption: special tokens are not said") {
  const Scratch folder;
  REQUIRE(caption(folder, {"--smoke"}).status == 0);
  prefer_special_tokens(folder / "out/caption/model.safetensors");
  REQUIRE(evaluate(folder, "out/caption").status == 0);
  for (const std::string& line : tapehead::data::read_lines(folder / "out/caption/captions.txt")) {
    CHECK(line.find("\t\t") == std::string::npos);
    CHECK(line.find("<unk>") == std::string::npos);
  }
}

TEST_CASE("caption: a Vision Transformer is another encoder") {
  const Scratch folder;
  const Outcome outcome = caption(folder, {"--smoke", "--encoder", "vit"});
  CAPTURE(outcome.err);
  CHECK(outcome.status == 0);
  CHECK(std::filesystem::exists(folder / "out/caption/attention.svg"));
}

TEST_CASE("caption learns a folder of images, describes files, and draws them") {
  const Scratch folder;
  put_corpus(folder);
  const Outcome outcome =
      caption(folder, {"--data", ".", "--steps", "200", "--shift", "0", "--scale", "0", "--dropout",
                       "0", "--beam", "1", "--side", "16"});
  CAPTURE(outcome.err);
  CAPTURE(outcome.out);
  REQUIRE(outcome.status == 0);
  CHECK(value_in(outcome.last_line()) == 1);
  const Outcome files =
      evaluate(folder, "out/caption", {"--interactive", "images/c.png", "images/b.png"});
  CAPTURE(files.err);
  CHECK(files.out == "images/c.png: black, white\nimages/b.png: white\n");
  CHECK(std::filesystem::exists(folder / "out/caption/c.png.svg"));
  folder.write("images/text.png", "this is no image");
  const Outcome lines =
      evaluate(folder, "out/caption", {"--interactive", "-"}, "images/text.png\nimages/d.png\n");
  CHECK(lines.status == 0);
  CHECK(lines.out.find("> images/text.png: ") == 0);
  CHECK(lines.out.find("> images/d.png: white, black\n") != std::string::npos);
  const Outcome wrong = evaluate(folder, "out/caption", {"--interactive", "images/text.png"});
  CHECK(wrong.status == 1);
  CHECK(wrong.err.starts_with("caption: images/text.png: "));

  // Each of an image's captions is right.
  folder.write("captions.valid.txt",
               "a.png#0\tdark\na.png#1\tblack\nb.png#0\tblack\nc.png#0\twhite\nc.png#1\tgrey\n");
  REQUIRE(evaluate(folder, "out/caption").status == 0);
  CHECK(tapehead::data::read_lines(folder / "out/caption/captions.txt") ==
        Arguments{"a.png\tblack\tblack\tright", "b.png\twhite\tblack\tcolour",
                  "c.png\tblack , white\twhite\twrong"});
}

TEST_CASE("caption: a model decides whether captions are in lower case, not the images to score") {
  const Scratch folder;
  put_corpus(folder);
  folder.write("captions.train.txt", "a.png#0\tBlack\nb.png#0\tWHITE\n");
  const Arguments training{"--data",    ".", "--steps", "100", "--side", "16", "--shift", "0",
                           "--dropout", "0", "--scale", "0",   "--beam", "1"};
  REQUIRE(value_in(caption(folder, training).last_line()) == 1);
  put_image(folder, "a.png", 0.1F, 0.1F, 120);
  put_image(folder, "b.png", 0.9F, 0.9F, 120);
  CHECK(value_in(evaluate(folder, "out/caption").last_line()) == 1);
  const auto vocabulary = [&](const Arguments& words) {
    Arguments all{"--data", ".", "--smoke", "--side", "16", "--out", "new"};
    all.insert(all.end(), words.begin(), words.end());
    CHECK(caption(folder, all).status == 0);
    return slurp(folder / "new/vocab.txt");
  };
  CHECK(vocabulary({}).find("black\nwhite\n") != std::string::npos);
  CHECK(vocabulary({"--lower-case", "no"}).find("Black\nWHITE\n") != std::string::npos);
}

TEST_CASE("caption: training captions that are too long are counted") {
  const Scratch folder;
  put_corpus(folder);
  const Outcome outcome =
      caption(folder, {"--data", ".", "--smoke", "--side", "16", "--longest", "2"});
  CHECK(outcome.status == 0);
  CHECK(outcome.out.starts_with(
      "left out: 2 of the captions for training, those of more than 2 words\n"));
  folder.write("captions.train.txt", "a.png#0\tall black\n");
  CHECK(caption(folder, {"--data", ".", "--longest", "1"}).err ==
        "caption: --longest 1: all captions for training are longer; allow more\n");
}

TEST_CASE("caption: several captions of an image are scored by CIDEr-D") {
  const Scratch folder;
  put_corpus(folder);
  folder.write("captions.valid.txt", "a.png#0\tblack\na.png#1\tdark\nc.png#0\tblack, white\n");
  const Outcome outcome = caption(folder, {"--data", ".", "--smoke", "--side", "16"});
  CAPTURE(outcome.err);
  CHECK(outcome.status == 0);
  CHECK(outcome.last_line().starts_with(R"({"example":"caption","metric":"cider_d","value":)"));
}

TEST_CASE("caption: invalid options and folders") {
  const Scratch folder;
  put_corpus(folder);
  const auto error = [&](const Arguments& words, int status = 1) {
    const Outcome outcome = caption(folder, words);
    CHECK(outcome.status == status);
    return outcome.err;
  };
  CHECK(error({"--attention", "look"}, 2) ==
        "caption: --attention look: use soft, hard, transformer or none\n");
  CHECK(error({"--encoder", "cnn"}, 2) == "caption: --encoder cnn: use resnet or vit\n");
  CHECK(error({"--channels", "4,x"}) ==
        "caption: --channels 4,x: expected numbers above 0 separated by commas, such as 32,64\n");
  CHECK(error({"--channels", "4,"}) ==
        "caption: --channels 4,: expected numbers above 0 separated by commas, such as 32,64\n");
  CHECK(error({"--blocks", "1,2"}) ==
        "caption: --blocks 1,2: expected a number, or one for each of --channels\n");
  CHECK(error({"--channels", "4,8", "--stages", "3"}) ==
        "caption: --stages 3: the encoder has 2\n");
  CHECK(error({"--channels", "4,8", "--encoder", "vit", "--stages", "2"}) ==
        "caption: --stages 2: the encoder has 1\n");
  CHECK(error({"--encoder", "vit", "--side", "100"}) ==
        "caption: --side 100: a vit divides the side into 8 patches; take a multiple of 8\n");
  for (const char* side : {"47", "257"})
    CHECK(error({"--side", side}) ==
          fmt::format("caption: --side {}: scenes have sides of 48..256 pixels\n", side));
  CHECK(error({"--attention", "hard", "--doubly-stochastic", "1"}) ==
        "caption: --doubly-stochastic: it is a loss of soft attention; leave it out with "
        "--attention hard\n");
  CHECK(error({"--data", "nowhere"}).starts_with("caption: nowhere: no such file"));
  CHECK(error({"--data", "images"}).starts_with("caption: images: "));
  CHECK(error({"--data", ".", "--max-pixels", "100"}).find("a.png: ") != std::string::npos);
  CHECK(error({"--split", "tset"}, 2) == "caption: --split tset: use test, valid or train\n");

  put_image(folder, "e.png", 0.5F, 0.5F);
  std::filesystem::remove(folder / "images/d.png");
  const char* const mismatches =
      "1 caption without an image (d.png#0); 1 image without a caption (e.png)";
  CHECK(error({"--data", ".", "--strict"}).find(mismatches) != std::string::npos);
  const Outcome counted = caption(folder, {"--data", ".", "--smoke", "--side", "16"});
  CHECK(counted.status == 0);
  CHECK(counted.out.starts_with(fmt::format("left out: {}\n", mismatches)));
}

// The option --precision.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/precision.h"
#include "tapehead/tests/scratch.h"
#include "tapehead/train/cli.h"

namespace tapehead::cli_precision_test {

using namespace tapehead::test;

namespace {

// Calls f with the options of a program that is called with these words.
void with_program(std::vector<std::string> words, const std::function<void(train::Options)>& f) {
  words.insert(words.begin(), "translate");
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  train::Cli cli(static_cast<int>(words.size()), pointers.data(), "translate", "Test.");
  f(cli.parse());
}

struct Mode {
  std::string precision;
  DType product;  // of f32 operands
  Precision matmul;
};

const std::vector<Mode> kModes = {{"fp32", f32, Precision::highest},
                                  {"high", f32, Precision::high},
                                  {"medium", f32, Precision::medium},
                                  {"bf16", bf16, Precision::highest}};

void check_mode(const train::Options& o, const Mode& mode) {
  CHECK(o.precision == mode.precision);
  CHECK(matmul(ones({2, 2}), ones({2, 2})).dtype() == mode.product);
  CHECK(matmul_precision() == mode.matmul);
}

}  // namespace

TEST_CASE("cli: --precision is that of products until the end of the program") {
  const Scratch scratch;
  for (const Mode& mode : kModes) {
    CAPTURE(mode.precision);
    with_program({"--precision", mode.precision, "--out", scratch / "out"},
                 [&](const train::Options& o) { check_mode(o, mode); });
    CHECK_FALSE(is_autocast_enabled());
    CHECK(matmul_precision() == Precision::highest);
  }
  with_program({"--out", scratch / "out"},
               [&](const train::Options& o) { check_mode(o, kModes[0]); });
}

TEST_CASE("cli: --resume and --eval keep the precision, or take another") {
  const Scratch scratch;
  const std::string run = scratch / "run";
  std::filesystem::create_directories(run);
  scratch.write("run/checkpoint.safetensors", "");
  scratch.write("run/model.safetensors", "");
  for (const Mode& before : kModes) {
    scratch.write("run/config.json", fmt::format(R"({{"precision": "{}"}})", before.precision));
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"--resume", "--out", run}, {"--eval", run}}) {
      CAPTURE(before.precision);
      CAPTURE(words[0]);
      with_program(words, [&](const train::Options& o) { check_mode(o, before); });
      for (const Mode& now : kModes) {
        std::vector<std::string> changed = words;
        changed.insert(changed.end(), {"--precision", now.precision});
        with_program(changed, [&](const train::Options& o) { check_mode(o, now); });
      }
    }
  }
  scratch.write("run/config.json", R"({"precision": "fp8"})");
  CHECK_THROWS_WITH_AS(with_program({"--eval", run}, [](const train::Options&) {}),
                       (run + "/config.json: \"precision\" is \"fp8\": use fp32, high, medium or "
                              "bf16; correct it there, or train a new model in another --out")
                           .c_str(),
                       FormatError);
}

}  // namespace tapehead::cli_precision_test

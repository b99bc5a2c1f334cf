#include "tapehead/train/cli.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "tapehead/core/file.h"
#include "tapehead/core/parallel.h"
#include "tapehead/core/random.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead;
using namespace tapehead::test;
using train::Keep;

namespace {

// The program `translate` with some options, given these words.
struct Program {
  std::vector<std::string> words;
  std::vector<char*> argv;
  std::string score = "additive";
  int64_t width = 64;
  double lr = 0.5;
  bool coverage = false, interactive = false;
  train::Cli cli;
  train::Options o;

  explicit Program(std::vector<std::string> given)
      : words(std::move(given)),
        argv(arguments()),
        cli(count(), argv.data(), "translate", "Test.") {
    cli.option("--score", score, "how", Keep::fixed);
    cli.option("--width", width, "how wide", Keep::fixed);
    cli.option("--lr", lr, "how fast");
    cli.flag("--coverage", coverage, "whether", Keep::fixed);
    cli.flag("--interactive", interactive, "whether", Keep::no);
  }
  std::vector<char*> arguments() {
    words.insert(words.begin(), "translate");
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    return pointers;
  }
  int count() const { return static_cast<int>(words.size()); }
  void parse() {
    const int threads = num_threads();
    o = cli.parse();
    set_num_threads(threads);
  }
};

std::string error_of(const std::vector<std::string>& words) {
  Program program(words);
  return message_of<Error>([&] { program.parse(); });
}

// A folder as a run leaves it.
void leave_run(const Scratch& scratch, const std::string& config, bool over = true) {
  std::filesystem::create_directories(scratch / "run");
  scratch.write("run/config.json", config);
  scratch.write("run/checkpoint.safetensors", "");
  if (over) scratch.write("run/model.safetensors", "");
}

}  // namespace

TEST_CASE("cli: options and their defaults") {
  const Scratch scratch;
  Program plain({"--out", scratch / "a/b"});
  plain.parse();
  CHECK(std::filesystem::is_directory(scratch / "a/b"));
  CHECK(plain.o.seed == 1);
  CHECK(default_generator() == Generator{.seed = 1});
  CHECK_FALSE(plain.o.data);
  CHECK_FALSE(plain.o.steps);
  CHECK_FALSE(plain.o.epochs);
  CHECK(plain.o.checkpoint_every == 0);
  CHECK(plain.width == 64);

  Program given({"--width=7", "--score", "dot", "--lr", "2.5e-3", "--coverage", "--seed", "18",
                 "--steps", "30", "--checkpoint-every", "4", "--quiet", "--out", scratch / "c",
                 "--width", "9"});
  given.parse();
  CHECK(given.width == 9);  // the last one counts
  CHECK(given.score == "dot");
  CHECK(given.lr == 2.5e-3);
  CHECK(given.coverage);
  CHECK(given.o.seed == 18);
  CHECK(given.o.steps == 30);
  CHECK(given.o.checkpoint_every == 4);
  CHECK(given.o.quiet);
  CHECK(given.cli.config() ==
        "{\n  \"score\": \"dot\",\n  \"width\": 9,\n  \"lr\": 0.0025,\n  \"coverage\": true,\n"
        "  \"data\": null,\n  \"seed\": 18,\n  \"epochs\": null,\n  \"steps\": 30\n}\n");
  Program smoke({"--smoke", "--out", scratch / "c"});
  smoke.parse();
  CHECK(smoke.o.steps == 3);
}

TEST_CASE("cli: a wrong command line") {
  const struct {
    std::vector<std::string> words;
    const char* message;
  } rows[] = {
      {{"--widht", "3"}, "--widht: there is no such option; did you mean --width?"},
      {{"--xyzzy"}, "--xyzzy: there is no such option; --help lists them"},
      {{"multi30k"}, "multi30k: there is no such option; --help lists them"},
      {{"--width"}, "--width: its value is missing; --help lists the options"},
      {{"--width", "--lr", "1"}, "--width: its value is missing; --help lists the options"},
      {{"--width", "wide"}, "--width wide: not a whole number"},
      {{"--width", "2.5"}, "--width 2.5: not a whole number"},
      {{"--width", "99999999999999999999"}, "--width 99999999999999999999: not a whole number"},
      {{"--lr", "fast"}, "--lr fast: not a number"},
      {{"--seed=-1"}, "--seed -1: not a whole number of 0 or more"},
      {{"--steps", "0"}, "--steps 0: must be at least 1"},
      {{"--epochs=-2"}, "--epochs -2: must be at least 1"},
      {{"--threads", "0"}, "--threads 0: must be at least 1"},
      {{"--checkpoint-every", "0"}, "--checkpoint-every 0: must be at least 1"},
      {{"--precision", "fp64"}, "--precision fp64: only fp32 is there"},
      {{"--eval", "a", "--resume"}, "--eval and --resume: give one of them"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.message);
    CHECK(error_of(row.words) == row.message);
  }
  const Scratch scratch;
  CHECK(error_of({"--out", scratch.write("file", "")}) ==
        "--out: cannot make the folder '" + scratch / "file" +
            "': a file has that name; choose another");
}

TEST_CASE("cli: --resume and --eval take what the run was started with") {
  const Scratch scratch;
  leave_run(scratch, R"({"score": "dot", "width": 128, "lr": 0.25, "coverage": true,
    "interactive": true, "data": "d", "seed": 7, "epochs": 3, "steps": null, "later": 1})");
  const std::string run = scratch / "run";
  Program resumed({"--resume", "--out", run, "--lr", "1"});
  resumed.parse();
  CHECK(resumed.score == "dot");
  CHECK(resumed.width == 128);
  CHECK(resumed.lr == 1);
  CHECK(resumed.coverage);
  CHECK_FALSE(resumed.interactive);
  CHECK(resumed.o.data == "d");
  CHECK(resumed.o.seed == 7);
  CHECK(default_generator().seed == 7);
  CHECK(resumed.o.epochs == 3);
  CHECK_FALSE(resumed.o.steps);
  CHECK(resumed.o.out == run);

  Program longer({"--resume", "--out", run, "--steps", "90", "--width", "128"});
  longer.parse();
  CHECK(longer.o.steps == 90);
  CHECK_FALSE(longer.o.epochs);

  Program scored({"--eval", run, "--seed", "8"});
  scored.parse();
  CHECK(scored.width == 128);
  CHECK(scored.o.out == run);
  CHECK(scored.o.seed == 8);
  Program elsewhere({"--eval", run, "--out", scratch / "scores"});
  elsewhere.parse();
  CHECK(elsewhere.o.out == scratch / "scores");
}

TEST_CASE("cli: --resume and --eval refuse what does not fit the run") {
  const Scratch scratch;
  leave_run(scratch, R"({"score": "dot", "width": 128, "coverage": true, "seed": 7})");
  const std::string run = scratch / "run";
  const std::string advice = " out, or train a new model in another --out";
  for (const char* how : {"--resume", "--eval"}) {
    const auto error = [&](const std::string& flag, const std::string& value) {
      const std::string given = flag + "=" + value;
      return std::string(how) == "--eval" ? error_of({"--eval", run, given})
                                          : error_of({"--resume", "--out", run, given});
    };
    CHECK(error("--width", "64") ==
          "--width 64: the run in " + run + " has --width 128; leave --width" + advice);
    CHECK(error("--score", "general") ==
          "--score general: the run in " + run + " has --score dot; leave --score" + advice);
    CHECK(error("--coverage", "false") == "--coverage false: the run in " + run +
                                              " has --coverage true; leave --coverage" + advice);
  }
  CHECK(error_of({"--resume", "--out", run, "--seed", "8"}) ==
        "--seed 8: the run in " + run + " has --seed 7; leave --seed" + advice);

  leave_run(scratch, R"({"width": "wide"})");
  CHECK(error_of({"--eval", run}) ==
        run +
            "/config.json: \"wide\" is not a value for --width; give --width on the command line");
  for (const char* bad : {"", "[1]", "{\"width\": 1"}) {
    leave_run(scratch, bad);
    CHECK(error_of({"--eval", run}) ==
          run + "/config.json: not a JSON object; the run's options cannot be read from it");
  }
}

TEST_CASE("cli: --resume and --eval where there is nothing") {
  const Scratch scratch;
  leave_run(scratch, "{}", false);
  const std::string run = scratch / "run", empty = scratch / "empty";
  std::filesystem::create_directory(empty);
  CHECK(error_of({"--eval", scratch / "rnu"}) ==
        "--eval " + scratch / "rnu" + ": no such file; did you mean " + run + "?");
  CHECK(error_of({"--eval", run + "/config.json"}) ==
        "--eval " + run + "/config.json: is a file; give its folder: --eval " + run);
  CHECK(error_of({"--eval", run}) == "--eval " + run +
                                         ": the training there is not over; finish it with "
                                         "--resume --out " +
                                         run);
  CHECK(error_of({"--eval", empty}) ==
        "--eval " + empty + ": there is no model.safetensors; train one with --out " + empty +
            ", or name the folder of one that is trained");
  CHECK(error_of({"--resume", "--out", empty}) ==
        "--resume: there is no checkpoint.safetensors in " + empty +
            "; name the run's folder with --out, or leave --resume out to start a run");
}

TEST_CASE("cli: a choice of two") {
  CHECK_NOTHROW(train::check_choice("--tying", "adjacent", "adjacent", "layer-wise"));
  CHECK_NOTHROW(train::check_choice("--tying", "layer-wise", "adjacent", "layer-wise"));
  CHECK(message_of<ValueError>([] {
          train::check_choice("--tying", "none", "adjacent", "layer-wise");
        }) == "--tying none: take adjacent or layer-wise");
}

#include "tapehead/train/cli.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>

#include "tapehead/core/file.h"
#include "tapehead/core/parallel.h"
#include "tapehead/core/random.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead;
using namespace tapehead::test;
using train::Keep;

namespace {

// The program `translate` with some options, called with these arguments.
struct Program {
  std::vector<std::string> words;
  std::vector<char*> argv;
  std::string score = "additive";
  int64_t width = 64;
  double lr = 0.5, dropout = -1;
  bool coverage = false, interactive = false;
  train::Cli cli;
  train::Options o;

  explicit Program(std::vector<std::string> given)
      : words(std::move(given)),
        argv(arguments()),
        cli(count(), argv.data(), "translate", "Test.") {
    cli.option("--score", score, "how", Keep::fixed);
    cli.option("--width,--breadth", width, {1, 4096}, "how wide", Keep::fixed);
    cli.option("--lr", lr, train::kPositive, "how fast");
    cli.option("--dropout", dropout, train::kPart, "how much");
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

// Writes the files that a run leaves in its folder.
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
  CHECK(given.width == 9);  // the last value is used
  CHECK(given.score == "dot");
  CHECK(given.lr == 2.5e-3);
  CHECK(given.coverage);
  CHECK(given.o.seed == 18);
  CHECK(given.o.steps == 30);
  CHECK(given.o.checkpoint_every == 4);
  CHECK(given.o.quiet);
  CHECK(given.cli.config() ==
        "{\n  \"program\": \"translate\",\n  \"score\": \"dot\",\n  \"width\": 9,\n"
        "  \"lr\": 0.0025,\n  \"dropout\": -1.0,\n  \"coverage\": true,\n  \"data\": null,\n  "
        "\"seed\": 18,\n  \"epochs\": null,\n  \"steps\": 30,\n  \"precision\": \"fp32\"\n}\n");
  Program smoke({"--smoke", "--out", scratch / "c"});
  smoke.parse();
  CHECK(smoke.o.steps == 3);
  given.score = "caf\xe9";
  CHECK(message_of<ValueError>([&] { given.cli.config(); }) ==
        R"(--score "caf\xe9": config.json can only store UTF-8; use another name)");
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
      {{"--steps", "1e300"}, "--steps 1e300: not a whole number"},
      {{"--epochs=-2"}, "--epochs -2: must be from 1 to 1000000"},
      {{"--epochs", "9223372036854775807"},
       "--epochs 9223372036854775807: must be from 1 to 1000000"},
      {{"--width", "0"}, "--width 0: must be from 1 to 4096"},
      {{"--width", "4097"}, "--width 4097: must be from 1 to 4096"},
      {{"--lr", "0"}, "--lr 0: must be above 0"},
      {{"--lr", "-1e-9"}, "--lr -1e-9: must be above 0"},
      {{"--lr", "nan"}, "--lr nan: not a finite number"},
      {{"--lr", "-inf"}, "--lr -inf: not a finite number"},
      {{"--dropout", "-1"}, "--dropout -1: must be from 0 to 1"},
      {{"--dropout", "1.5"}, "--dropout 1.5: must be from 0 to 1"},
      {{"--threads", "0"}, "--threads 0: must be at least 1"},
      {{"--checkpoint-every", "0"}, "--checkpoint-every 0: must be at least 1"},
      {{"--precision", "fp64"}, "--precision fp64: use fp32, high, medium or bf16"},
      {{"--eval", "a", "--resume"}, "--eval and --resume: give only one of them"},
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

TEST_CASE("cli: an option is known by its former name, on the command line and in config.json") {
  const Scratch scratch;
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--breadth", "9"}, {"--breadth=9"}}) {
    Program given(words);
    given.parse();
    CHECK(given.width == 9);
  }
  CHECK(error_of({"--breadth", "0"}) == "--width 0: must be from 1 to 4096");
  leave_run(scratch, R"({"breadth": 128})");
  Program scored({"--eval", scratch / "run"});
  scored.parse();
  CHECK(scored.width == 128);
  CHECK(scored.cli.config().find("breadth") == std::string::npos);
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
      const std::string given = fmt::format("{}={}", flag, value);
      return std::string(how) == "--eval" ? error_of({"--eval", run, given})
                                          : error_of({"--resume", "--out", run, given});
    };
    CHECK(error("--width", "64") ==
          fmt::format("--width 64: the run in {} has --width 128; leave --width{}", run, advice));
    CHECK(error("--score", "general") ==
          fmt::format("--score general: the run in {} has --score dot; leave --score{}", run,
                      advice));
    CHECK(error("--coverage", "false") ==
          fmt::format("--coverage false: the run in {} has --coverage true; leave --coverage{}",
                      run, advice));
  }
  CHECK(error_of({"--resume", "--out", run, "--seed", "8"}) ==
        "--seed 8: the run in " + run + " has --seed 7; leave --seed" + advice);

  for (const char* bad : {"", "[1]", "{\"width\": 1"}) {
    leave_run(scratch, bad);
    CHECK(error_of({"--eval", run}) ==
          run + "/config.json: not a JSON object; the run's options cannot be read from it");
  }
}

// Regression: values such as a seed of -1 or 7.9 steps were accepted, or wrapped around.
TEST_CASE("cli: the values in config.json are checked as those of the command line") {
  const Scratch scratch;
  const std::string run = scratch / "run", path = run + "/config.json: ";
  const struct {
    std::string key, value, wrong;
  } rows[] = {
      {"steps", "7.9", "not a whole number"},
      {"steps", "1e+300", "not a whole number"},
      {"steps", "0", "must be at least 1"},
      {"steps", "18446744073709551615", "not a whole number"},
      {"steps", "\"7\"", "not a whole number"},
      {"epochs", "-3", "must be from 1 to 1000000"},
      {"seed", "-1", "not a whole number of 0 or more"},
      {"seed", "1.5", "not a whole number of 0 or more"},
      {"width", "\"wide\"", "not a whole number"},
      {"width", "0", "must be from 1 to 4096"},
      {"width", "true", "not a whole number"},
      {"lr", "0", "must be above 0"},
      {"lr", "\"0.5\"", "not a number"},
      {"dropout", "1.5", "must be from 0 to 1"},
      {"coverage", "1", "not true or false"},
      {"score", "5", "not a string"},
      {"data", "[\"d\"]", "not a string"},
  };
  for (const auto& row : rows) {
    leave_run(scratch, "{\"" + row.key + "\": " + row.value + "}");
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"--eval", run}, {"--resume", "--out", run}})
      CHECK(error_of(words) == path + "\"" + row.key + "\" is " + row.value + ": " + row.wrong +
                                   "; correct it there, or train a new model in another --out");
  }
  leave_run(scratch, R"({"lr": "fast", "dropout": 1, "seed": 18446744073709551615})");
  Program given({"--eval", run, "--lr", "2"});  // overrides the file's invalid value
  given.parse();
  CHECK(given.lr == 2);
  CHECK(given.dropout == 1);
  CHECK(given.o.seed == 18446744073709551615U);
}

TEST_CASE("cli: a folder of another program says whose it is") {
  const Scratch scratch;
  const std::string run = scratch / "run";
  leave_run(scratch, R"({"program": "gpt", "width": 0})");
  CHECK(error_of({"--eval", run}) == "--eval " + run +
                                         ": it is a folder of gpt, not of translate; run gpt "
                                         "--eval " +
                                         run);
  CHECK(error_of({"--resume", "--out", run}) ==
        "--resume --out " + run +
            ": it is a folder of gpt, not of translate; run gpt --resume "
            "--out " +
            run);
  leave_run(scratch, R"({"program": "translate"})");
  CHECK(error_of({"--eval", run}).empty());
}

TEST_CASE("cli: a run that was stopped before its first checkpoint starts anew with its options") {
  const Scratch scratch;
  const std::string run = scratch / "run";
  leave_run(scratch, R"({"program": "translate", "width": 128, "seed": 7})");
  for (const char* file : {"checkpoint.safetensors", "model.safetensors"})
    std::filesystem::remove(run + "/" + file);
  Program program({"--resume", "--quiet", "--out", run});
  program.parse();
  CHECK_FALSE(program.o.resume);
  CHECK(program.width == 128);
  CHECK(program.o.seed == 7);
  // The folder of run_jobs() has no checkpoint of its own.
  scratch.write("run/config.json", R"({"program": "translate", "jobs": true})");
  Program jobs({"--resume", "--out", run});
  jobs.parse();
  CHECK(jobs.o.resume);
  // A config.json that a run did not write does not make the folder a run's.
  scratch.write("run/config.json", R"({"model_type": "gpt2"})");
  CHECK(error_of({"--resume", "--out", run}).starts_with("--resume: there is no checkpoint"));
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
                                         ": training there has not finished; finish it with "
                                         "--resume --out " +
                                         run);
  CHECK(error_of({"--eval", empty}) ==
        "--eval " + empty + ": there is no model.safetensors; train one with --out " + empty +
            ", or give the folder of a trained model");
  CHECK(error_of({"--resume", "--out", empty}) ==
        "--resume: there is no checkpoint.safetensors in " + empty +
            "; name the run's folder with --out, or leave --resume out to start a run");
}

TEST_CASE("cli: an option that names files takes the words up to the next option") {
  const auto files_of = [](const std::vector<std::string>& words) {
    Program program(words);
    std::vector<std::string> files{"none"};
    program.cli.files("--files", files, "which");
    program.parse();
    CHECK(program.cli.config().find("files") == std::string::npos);
    return files;
  };
  const Scratch scratch;
  const std::string out = scratch / "out", one = scratch.write("a b.wav", ""),
                    two = scratch.write("c.flac", "");
  using Files = std::vector<std::string>;
  CHECK(files_of({"--out", out}) == Files{"none"});
  CHECK(files_of({"--files", one, "--out", out}) == Files{one});
  CHECK(files_of({"--out", out, "--files", one, two, "-"}) == Files{one, two, "-"});
  CHECK(files_of({"--files=" + one, "--out", out, "--files", two}) == Files{one, two});
  const std::string missing = scratch / "c.flak";
  CHECK(message_of<IoError>([&] {
          files_of({"--files", one, missing, "--out", scratch / "other"});
        }) == "--files " + missing + ": no such file; did you mean " + two + "?");
  CHECK_FALSE(path_exists(scratch / "other"));
  for (const std::vector<std::string>& words :
       {Files{"--files"}, Files{"--files", "--out", out}, Files{"--out", out, "--files"}})
    CHECK(message_of<Error>([&] { files_of(words); }) ==
          "--files: its value is missing; --help lists the options");
}

TEST_CASE("cli: an option with choices takes one of them") {
  const auto model_of = [](const std::vector<std::string>& words) {
    Program program(words);
    std::string model;
    program.cli.option("--model", model, {"rnn", "gru", "lstm"}, "which", Keep::fixed);
    program.parse();
    train::set_default(model, "", "gru");
    return model;
  };
  const Scratch scratch;
  const std::string run = scratch / "run", out = scratch / "out";
  CHECK(model_of({"--out", out}) == "gru");
  CHECK(model_of({"--model", "lstm", "--out", out}) == "lstm");
  CHECK(message_of<ValueError>([&] {
          model_of({"--model", "rn", "--out", out});
        }) == "--model rn: use rnn, gru or lstm");
  leave_run(scratch, R"({"program": "translate", "model": "rnn"})");
  CHECK(model_of({"--eval", run}) == "rnn");
  leave_run(scratch, R"({"program": "translate", "model": "cnn"})");
  CHECK(message_of<FormatError>([&] {
          model_of({"--eval", run});
        }).starts_with(run + "/config.json: \"model\" is \"cnn\": use rnn, gru or lstm; "));
}

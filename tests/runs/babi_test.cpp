// Memory networks for question answering, and many training jobs in parallel.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "tapehead/tests/runs/process.h"
#include "tapehead/tests/runs/small_data.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead::test;

namespace {

Outcome babi(const Scratch& folder, const std::vector<std::string>& words,
             const RunOptions& options = {}) {
  std::vector<std::string> command{example("babi")};
  command.insert(command.end(), words.begin(), words.end());
  RunOptions o = options;
  o.folder = folder.path();
  return run(command, o);
}

std::vector<std::string> many(const std::string& out) {
  return {"--data",   ".", "--task", "1,2,3", "--seeds",   "2", "--linear-start", "1",
          "--epochs", "3", "--lr",   "0.1",   "--threads", "2", "--out",          out};
}

}  // namespace

TEST_CASE("babi learns the questions it makes, draws its hops, and answers what is typed") {
  const Scratch folder;
  const Outcome learned = babi(folder, {"--quiet", "--epochs", "14"});
  CAPTURE(learned.err);
  REQUIRE(learned.status == 0);
  const std::string last = learned.last_line(),
                    start = R"({"example":"babi","metric":"error","value":)";
  REQUIRE(last.starts_with(start));
  CHECK(std::atof(last.c_str() + start.size()) < 5);
  CHECK(learned.out.find("over 5 %") != std::string::npos);
  CHECK(std::filesystem::exists(folder / "out/babi/looks.svg"));
  CHECK(babi(folder, {"--eval", "out/babi"}).last_line() == last);
  const Outcome asked = babi(folder, {"--eval", "out/babi", "--interactive"},
                             {.input = "Otto walked to the barn.\nOtto walked to the zoo.\n"
                                       "Where is Otto?\n\nOtto walked to the barn\n"
                                       "where is otto?\n"});
  CAPTURE(asked.out);
  CHECK(asked.status == 0);
  CHECK(asked.out.find("barn (") != std::string::npos);
  CHECK(asked.out.find("'zoo'") != std::string::npos);
}

TEST_CASE("babi trains each model") {
  const Scratch folder;
  write_tasks(folder);
  for (const char* model :
       {"memn2n", "memnn", "kv", "entnet", "dmn", "universal", "ntm", "dnc", "lstm"}) {
    CAPTURE(model);
    const Outcome outcome = babi(folder, {"--data", ".", "--task", "1", "--smoke", "--quiet",
                                          "--slots", "8", "--model", model});
    CAPTURE(outcome.err);
    CHECK(outcome.status == 0);
  }
  const Outcome wrong = babi(folder, {"--model", "memnet"});
  CHECK(wrong.status == 2);
  CHECK(babi(folder, {"--model", "memn2n-joint"})
            .err.starts_with("babi: --model memn2n-joint: use memn2n, "));
  CHECK(babi(folder, {"--choose", "test"}).err == "babi: --choose test: use val or loss\n");
  CHECK(wrong.err.starts_with("babi: --model memnet: use memn2n, "));
}

TEST_CASE("babi tells dmn the supporting facts, and no other model") {
  const Scratch folder;
  write_tasks(folder);
  const Outcome told = babi(folder, {"--data", ".", "--task", "1", "--model", "dmn",
                                     "--supervision", "1", "--smoke", "--quiet"});
  CAPTURE(told.err);
  CHECK(told.status == 0);
  CHECK(told.out.find("published: Kumar et al. 2016, DMN, with supporting facts") !=
        std::string::npos);
  CHECK(babi(folder, {"--model", "kv", "--supervision", "1"}).err ==
        "babi: --supervision 1: only --model dmn has this option; memnn always uses the supporting "
        "facts, the others never do\n");
}

TEST_CASE("babi trains tasks and seeds side by side, names what is missing, and goes on") {
  const Scratch folder;
  write_tasks(folder);
  const Outcome whole = babi(folder, many("whole"));
  CAPTURE(whole.err);
  REQUIRE(whole.status == 0);
  CHECK(whole.out.find(" 1  single-supporting-fact ") != std::string::npos);
  CHECK(whole.out.find(" 3  no training file ") != std::string::npos);
  CHECK(whole.err.find("qa2-seed2: {") != std::string::npos);
  CHECK(std::filesystem::exists(folder / "whole/jobs/qa1-seed2/model.safetensors"));
  // A run that is killed repeatedly at any time ends with the same results.
  for (const double seconds : {0.05, 0.3, 0.6}) {
    auto words = many("killed");
    if (std::filesystem::exists(folder / "killed/config.json")) words.emplace_back("--resume");
    babi(folder, words, {.kill_after = seconds});
  }
  auto words = many("killed");
  if (std::filesystem::exists(folder / "killed/config.json")) words.emplace_back("--resume");
  const Outcome resumed = babi(folder, words);
  CAPTURE(resumed.err);
  REQUIRE(resumed.status == 0);
  CHECK(resumed.out == whole.out);
  CHECK(slurp(folder / "killed/errors.tsv") == slurp(folder / "whole/errors.tsv"));

  // Regression: a damaged file of a finished job ended the program without a reason.
  const std::string file = "whole/jobs/qa1-seed2/errors.tsv";
  for (const char* line : {"1", "1\tx", "x\t1", ""}) {
    std::ofstream(folder / file) << line << '\n';
    auto again = many("whole");
    again.emplace_back("--resume");
    CHECK(
        babi(folder, again)
            .err.ends_with(fmt::format("babi: {}: '{}' is not the error of a task\n", file, line)));
  }
}

// A job whose parent is killed saves a checkpoint, and locks its folder until then.
TEST_CASE("babi waits for a job of a killed call, and leaves the folder of one that lives") {
  const Scratch folder;
  write_tasks(folder);
  const auto while_locked = [&](const std::string& locked) {
    std::filesystem::create_directories(folder / locked);
    return run(
        {"/bin/sh", "-c", "flock \"$0\" sleep 2 & sleep 0.3; exec \"$@\"", locked, example("babi"),
         "--data", ".", "--task", "1,2", "--epochs", "1", "--lr", "0.1", "--out", "out"},
        {.folder = folder.path()});
  };
  const Outcome waited = while_locked("out/jobs/qa1-seed1");
  CHECK(waited.status == 0);
  CHECK(waited.err.find("qa1-seed1: waiting for the run that is writing there\n") !=
        std::string::npos);
  CHECK(waited.err.find("qa1-seed1: {") != std::string::npos);
  const std::string errors = slurp(folder / "out/errors.tsv");
  const Outcome second = while_locked("out");
  CHECK(second.status == 1);
  CHECK(second.err ==
        "babi: out: another run is writing there; wait for it, stop it, or use another --out\n");
  CHECK(slurp(folder / "out/errors.tsv") == errors);
}

TEST_CASE("a job that fails is named, with what it said") {
  const Scratch folder;
  write_tasks(folder);
  const Outcome outcome = babi(folder, {"--data", ".", "--task", "1,2", "--lr", "1e30", "--clip",
                                        "1e30", "--linear-start", "1", "--out", "out"});
  CHECK(outcome.status == 1);
  const std::string& err = outcome.err;
  const size_t begin = err.rfind("babi: qa");
  REQUIRE(begin != std::string::npos);
  CHECK(err.find("failed (exit status 1): babi: run: the loss is ", begin) != std::string::npos);
  CHECK(err.find("; see out/jobs/qa", begin) != std::string::npos);
}

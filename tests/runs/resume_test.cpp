// A run that is killed repeatedly ends with the same bytes as an undisturbed one, for any number of
// threads.
#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "tapehead/tests/runs/process.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead::test;

namespace {

using Words = std::vector<std::string>;

// A small date task: two epochs, whose ends and checkpoints fall within the run, and dropout to use
// random numbers.
const Words kTrain{"--steps",  "30",    "--hidden-size", "32",  "--embed-dim",        "16",
                   "--tokens", "14000", "--dropout",     "0.1", "--checkpoint-every", "4",
                   "--quiet"};

Outcome translate(const Words& more, int threads, std::optional<double> kill_after = {}) {
  Words command{example("translate")};
  command.insert(command.end(), more.begin(), more.end());
  return run(command, {.environment = {{"OMP_NUM_THREADS", std::to_string(threads)}},
                       .kill_after = kill_after});
}

Words training(const std::string& out, bool resume) {
  Words words = kTrain;
  words.insert(words.end(), {"--out", out});
  if (resume) words.emplace_back("--resume");
  return words;
}

// The log without the times in its records.
std::string untimed(std::string log) {
  const std::string key = ",\"seconds\":";
  for (size_t at = log.find(key); at != std::string::npos; at = log.find(key, at))
    log.erase(at, log.find_first_of(",}", at + key.size()) - at);
  return log;
}

uint64_t seed_of_kills() {
  const char* given = std::getenv("TAPEHEAD_KILLS_SEED");
  return given ? std::strtoull(given, nullptr, 10) : std::random_device()();
}

// Trains into `out`, killed five times at a random moment within `seconds`. Returns the last
// outcome.
Outcome train_killed(const std::string& out, double seconds) {
  const uint64_t seed = seed_of_kills();
  MESSAGE("TAPEHEAD_KILLS_SEED=" << seed << " repeats these kills, as far as time can");
  std::mt19937_64 random(seed);
  int killed = 0;
  for (int start = 0; start < 40; ++start) {
    const bool resume = std::filesystem::exists(out + "/checkpoint.safetensors");
    const int threads = 1 + start % 2;
    if (killed == 5) return translate(training(out, resume), threads);
    const double after = std::uniform_real_distribution<double>(0.05, 0.6 * seconds)(random);
    const Outcome outcome = translate(training(out, resume), threads, after);
    CAPTURE(outcome.err);
    if (outcome.status == 0) return outcome;
    REQUIRE(outcome.status == 128 + SIGKILL);
    ++killed;
  }
  FAIL("the run never ended");
  return {};
}

}  // namespace

TEST_CASE("translate: killed runs, resumed, and other numbers of threads give the same bytes") {
  const Scratch scratch;
  const std::string whole = scratch / "whole", two = scratch / "two", cut = scratch / "killed";
  const auto start = std::chrono::steady_clock::now();
  const Outcome left_alone = translate(training(whole, false), 1);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  CAPTURE(left_alone.err);
  REQUIRE(left_alone.status == 0);

  const Outcome on_two = translate(training(two, false), 2),
                killed = train_killed(cut, seconds.count());
  CAPTURE(killed.err);
  for (const auto& finished : {std::pair(two, on_two), std::pair(cut, killed)}) {
    const auto& [out, outcome] = finished;
    CAPTURE(finished.first);
    CHECK(outcome.status == 0);
    CHECK(outcome.out == left_alone.out);
    for (const char* file : {"model.safetensors", "best.safetensors", "translations.txt",
                             "loss.svg", "attention-1.svg", "config.json", "bpe.source.txt"}) {
      CAPTURE(file);
      const bool same = slurp(out + "/" + file) == slurp(whole + "/" + file);
      CHECK(same);
    }
    CHECK(untimed(slurp(out + "/metrics.jsonl")) == untimed(slurp(whole + "/metrics.jsonl")));
    for (const auto& entry : std::filesystem::directory_iterator(out)) {
      const std::string name = entry.path().filename().string();
      CAPTURE(name);
      CHECK_FALSE(name.starts_with('.'));  // left behind by a killed write
    }
  }

  // Scoring the saved model with its own options gives the result of the training run.
  const Outcome scored = translate({"--eval", cut, "--out", scratch / "scored"}, 2);
  CAPTURE(scored.err);
  CHECK(scored.out == left_alone.out);
  CHECK(slurp(scratch / "scored/translations.txt") == slurp(whole + "/translations.txt"));

  // Resuming a finished run does nothing and prints the same result.
  CHECK(translate(training(cut, true), 1).out == left_alone.out);
  CHECK(untimed(slurp(cut + "/metrics.jsonl")) == untimed(slurp(whole + "/metrics.jsonl")));
}

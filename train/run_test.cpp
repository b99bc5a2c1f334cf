#include "tapehead/train/run.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <csignal>
#include <filesystem>

#include "tapehead/core/file.h"
#include "tapehead/tests/run_program.h"
#include "tapehead/train/metrics_log.h"

using namespace tapehead;
using namespace tapehead::test;

TEST_CASE("run: a loss that is not finite stops it, and the last checkpoint stays") {
  const Scratch scratch;
  const std::string out = scratch / "out";
  RunProgram program(out);
  program.o.checkpoint_every = 2;
  program.change = [](const Tensor& loss, int64_t step) { return step == 4 ? loss * NAN : loss; };
  const std::string message = program.error();
  CHECK(message ==
        fmt::format("run: the loss is nan at step 4; the last finite loss was {:.6g}, at "
                    "step 3; the checkpoint of step 2 is kept: --resume --anomaly --out "
                    "{} names the first op that made a NaN; lower the learning rate, or "
                    "clip gradients",
                    program.losses[2], out));
  CHECK(step_of_checkpoint(out) == 2);

  RunProgram first(out);
  first.change = [](const Tensor& loss, int64_t) { return loss * INFINITY; };
  CHECK(first.error() ==
        "run: the loss is inf at step 1; no step was taken before; the checkpoint of step 0 is "
        "kept: --resume --anomaly --out " +
            out +
            " names the first op that made a NaN; lower the learning rate, or clip gradients");
}

TEST_CASE("run: --anomaly names the op that made the first NaN") {
  const Scratch scratch;
  RunProgram program(scratch / "out");
  program.o.anomaly = true;
  program.change = [](const Tensor& loss, int64_t) { return log(loss - 1e9); };
  const std::string message = program.error();
  CAPTURE(message);
  CHECK(message.find("log") != std::string::npos);
  CHECK(message.find("NaN") != std::string::npos);
}

// The loss of step 3 is finite, but its gradient is not.
TEST_CASE("run: parameters that are not finite are not saved over the last checkpoint") {
  const Scratch scratch;
  RunProgram program(scratch / "out");
  program.o.checkpoint_every = 1;
  program.change = [&](const Tensor& loss, int64_t step) {
    return step == 3 ? loss + sum(sqrt(program.layer.bias * 0)) : loss;
  };
  CHECK(program.error() ==
        "run: 'layer.bias' is not finite after step 3; the checkpoint of step 2 is kept: --resume "
        "--anomaly --out " +
            program.o.out +
            " names the first op that made a NaN; lower the learning rate, or clip gradients");
  CHECK(step_of_checkpoint(program.o.out) == 2);
}

// Regression: no checkpoint was written at the step that ended an epoch, so an interval of an epoch
// never saved any.
TEST_CASE("run: checkpoints come in the interval asked for, and after the last step") {
  const Scratch scratch;
  for (const int64_t every : {1, 2, 3, 4, 0}) {
    CAPTURE(every);
    RunProgram program(scratch / "out");
    program.o.checkpoint_every = every;
    const int64_t interval = every == 0 ? 3 : every;
    program.change = [&](const Tensor& loss, int64_t step) {
      CHECK(step_of_checkpoint(program.o.out) == (step - 1) / interval * interval);
      return loss;
    };
    program.train(5);
    CHECK(step_of_checkpoint(program.o.out) == 5);
  }
}

TEST_CASE("run: the weights with the best score are kept") {
  const Scratch scratch;
  RunProgram program(scratch / "out");
  std::vector<std::vector<double>> weights;
  program.score = [&] {
    weights.push_back(program.layer.weight.to_vector<double>());
    return weights.size() == 1 ? 0.5 : 0.25;
  };
  program.train();
  REQUIRE(weights.size() == 2);
  CHECK(weights[0] != weights[1]);
  CHECK(program.layer.weight.to_vector<double>() == weights[0]);
}

TEST_CASE("run: of equal scores the last counts as the best") {
  const Scratch scratch;
  for (const auto best : {train::Best::highest, train::Best::lowest}) {
    RunProgram program(scratch / "out");
    std::vector<std::vector<double>> weights;
    program.best = best;
    program.score = [&] {
      weights.push_back(program.layer.weight.to_vector<double>());
      return 0.5;
    };
    program.train();
    REQUIRE(weights.size() == 2);
    CHECK(program.layer.weight.to_vector<double>() == weights[1]);
  }
}

TEST_CASE("run: scores come each so many steps, and of a loss the lowest is kept and drawn") {
  const Scratch scratch;
  std::vector<std::vector<double>> weights;
  const std::vector<double> scores{0.5, 0.25, 0.75};
  const auto train = [&](const std::string& folder, train::Best best) {
    weights.clear();
    RunProgram program(scratch / folder);
    program.score_each = 4;
    program.best = best;
    program.finishes = true;
    program.score = [&] {
      weights.push_back(program.layer.weight.to_vector<double>());
      return scores[weights.size() - 1];
    };
    program.train(5);
    return program.layer.weight.to_vector<double>();
  };
  const auto lowest = train("lowest", train::Best::lowest);
  REQUIRE(weights.size() == 2);  // after step 4, and after the last
  CHECK(lowest == weights[1]);
  CHECK(train("highest", train::Best::highest) == weights[0]);
  const train::Curve curve = train::read_curve(scratch / "lowest/metrics.jsonl", "val");
  CHECK(curve.steps == std::vector<double>{4, 5, 5});
  CHECK(curve.values == std::vector<double>{0.5, 0.25, 0.125});
  CHECK(read_file(scratch / "lowest/loss.svg").find(">val<") != std::string::npos);
  CHECK(read_file(scratch / "highest/loss.svg").find(">val<") == std::string::npos);

  RunProgram never(scratch / "never");
  never.score = [] { return 0.0; };
  never.score_each = -1;
  CHECK(never.error() == "run: evaluate_every() with steps = -1; it must be 1 or more");
}

TEST_CASE("run: a score that is good enough ends it, resumed too") {
  const Scratch scratch;
  const auto steps = [&](train::Best best, double enough, const std::string& more) {
    RunProgram program(scratch / "out", more);
    program.score_each = 2;
    program.best = best;
    program.score = [] { return 0.5; };
    program.stop_at = enough;
    program.train();
    return program.losses.size();
  };
  CHECK(steps(train::Best::highest, 0.75, "") == 6);
  CHECK(steps(train::Best::lowest, 0.25, "") == 6);
  CHECK(steps(train::Best::lowest, 0.75, "") == 2);
  CHECK(steps(train::Best::highest, 0.5, "") == 2);
  CHECK(steps(train::Best::highest, 0.5, "resume") == 0);
}

TEST_CASE("run: a score that is NaN is no best one, and ends no run") {
  const Scratch scratch;
  for (const auto best : {train::Best::highest, train::Best::lowest}) {
    RunProgram program(scratch / "out");
    std::vector<std::vector<double>> weights;
    program.score_each = 2;
    program.best = best;
    program.stop_at = best == train::Best::highest ? 0.75 : 0.25;
    program.score = [&] {
      weights.push_back(program.layer.weight.to_vector<double>());
      return weights.size() == 2 ? 0.5 : -NAN;
    };
    program.train();
    REQUIRE(weights.size() == 3);
    CHECK(program.layer.weight.to_vector<double>() == weights[1]);
  }
}

TEST_CASE("run: an average of the weights is scored, kept, and goes on after a stop") {
  const auto weights = [](const RunProgram& p) { return p.layer.weight.to_vector<double>(); };
  const Scratch scratch;
  std::vector<std::vector<double>> scored;
  const auto train = [&](const std::string& out, const std::string& more, int64_t steps) {
    RunProgram program(out, more);
    optim::Ema ema(program.params, 0.5);
    program.average = &ema;
    program.score = [&] {
      CHECK(weights(program) == ema.averages()[0].value.to_vector<double>());
      scored.push_back(weights(program));
      return static_cast<double>(scored.size());  // the last is the best
    };
    program.change = [&](const Tensor& loss, int64_t step) {
      if (step > steps) std::raise(SIGINT);
      return loss;
    };
    message_of<train::Interrupted>([&] { program.train(); });
    return weights(program);
  };
  const auto whole = train(scratch / "whole", "", 6);
  REQUIRE(scored.size() == 2);
  CHECK(whole == scored[1]);
  scored.clear();
  train(scratch / "cut", "", 3);
  const auto resumed = train(scratch / "cut", "resume", 6);
  CHECK(resumed == whole);

  // Without a score the run ends with the averages as weights.
  RunProgram program(scratch / "plain");
  optim::Ema ema(program.params, 0.5);
  program.average = &ema;
  program.train();
  CHECK(weights(program) == ema.averages()[0].value.to_vector<double>());
  CHECK(weights(program) == whole);
  // A checkpoint without an average cannot resume a run with one.
  RunProgram other(scratch / "other");
  other.train();
  other.o.resume = true;
  other.average = &ema;
  CHECK(other.error().starts_with(scratch / "other/checkpoint.safetensors: "));
}

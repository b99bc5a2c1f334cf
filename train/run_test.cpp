#include "tapehead/train/run.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <csignal>
#include <filesystem>
#include <optional>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/file.h"
#include "tapehead/nn/linear.h"
#include "tapehead/optim/adam.h"
#include "tapehead/optim/average.h"
#include "tapehead/tests/file_limit.h"
#include "tapehead/tests/scratch.h"
#include "tapehead/train/metrics_log.h"

using namespace tapehead;
using namespace tapehead::test;

namespace {

using Losses = std::vector<double>;

// A program of six steps, two epochs, in the folder `out`; what happens in a step is up to a test.
struct Program {
  train::Options o;
  nn::Params params{5};
  nn::Linear layer{params / "layer", 40, 40};
  optim::AdamW optimizer{params, {.lr = 0.05}};
  optim::Cosine schedule{optimizer, {.steps = 6}};
  data::Loader<Tensor> batches{9,
                               [](std::span<const int64_t> which) {
                                 return full({3, 40}, 0.1 * double(which[0]));
                               },
                               {.batch = 3, .seed = 2}};
  Losses losses;
  std::function<Tensor(Tensor loss, int64_t step)> change = [](Tensor loss, int64_t) {
    return loss;
  };
  std::function<double()> score;
  int64_t score_each = 0;  // steps; 0: once an epoch
  train::Best best = train::Best::highest;
  std::optional<double> ends_at;
  optim::Ema* average = nullptr;
  bool finishes = false;
  std::function<void(train::detail::RunBase&)> begin = [](auto&) {};

  Program(const std::string& out, const std::string& more = "") {
    o.out = out;
    o.quiet = true;
    o.resume = more == "resume";
  }
  void train(int64_t steps = 6) {
    manual_seed(4);
    char name[] = "sum";
    char* argv[] = {name};
    const train::Cli cli(1, argv, "sum", "A test.");
    train::Run run(cli, o, params, optimizer, schedule, batches, steps, average);
    if (score && score_each == 0) run.each_epoch("val", score, best);
    if (score && score_each != 0) run.each(score_each, "val", score, best);
    if (ends_at) run.ends_at(*ends_at);
    begin(run);
    for (const Tensor& batch : run) {
      const Tensor loss = mean(square(layer(batch + 0.1 * randn({3, 40})) - 1));
      const Tensor changed = change(loss, run.steps_taken() + 1);
      changed.backward();
      losses.push_back(changed.item());
      run.step(changed);
    }
    if (score || average) run.load_best();
    if (finishes) run.finish("val", 0.125);
  }
  std::string error(int64_t steps = 6) {
    return message_of<Error>([&] { train(steps); });
  }
};

int64_t step_of_checkpoint(const std::string& out) {
  return std::stoll(read_safetensors(out + "/checkpoint.safetensors").note("run.step"));
}

}  // namespace

TEST_CASE("run: a loss that is not finite stops it, and the last checkpoint stays") {
  const Scratch scratch;
  const std::string out = scratch / "out";
  Program program(out);
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

  Program first(out);
  first.change = [](const Tensor& loss, int64_t) { return loss * INFINITY; };
  CHECK(first.error() ==
        "run: the loss is inf at step 1; no step before was taken; the checkpoint of step 0 is "
        "kept: --resume --anomaly --out " +
            out +
            " names the first op that made a NaN; lower the learning rate, or clip gradients");
}

TEST_CASE("run: --anomaly names the op that made the first NaN") {
  const Scratch scratch;
  Program program(scratch / "out");
  program.o.anomaly = true;
  program.change = [](const Tensor& loss, int64_t) { return log(loss - 1e9); };
  const std::string message = program.error();
  CAPTURE(message);
  CHECK(message.find("log") != std::string::npos);
  CHECK(message.find("NaN") != std::string::npos);
}

// The loss of the step was finite, its gradient was not.
TEST_CASE("run: parameters that are not finite are not saved over the last checkpoint") {
  const Scratch scratch;
  Program program(scratch / "out");
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

TEST_CASE("run: a full disk stops it, and the last checkpoint stays") {
  const Scratch scratch;
  Program program(scratch / "out");
  program.o.checkpoint_every = 1;
  std::optional<FileLimit> full;
  program.change = [&](const Tensor& loss, int64_t step) {
    if (step == 3) full.emplace(4096);
    return loss;
  };
  const std::string message = program.error(), out = program.o.out;
  full.reset();
  CHECK(message == out +
                       "/checkpoint.safetensors: cannot be written: File too large; the old file "
                       "is unchanged; the checkpoint of step 2 is kept: "
                       "--resume --out " +
                       out);
  CHECK(step_of_checkpoint(out) == 2);

  Program whole(scratch / "whole"), resumed(out, "resume");
  whole.train();
  resumed.train();
  CHECK(resumed.losses == Losses(whole.losses.begin() + 2, whole.losses.end()));
}

TEST_CASE("run: Ctrl-C saves, and a resumed run goes on with the same losses") {
  const Scratch scratch;
  Program whole(scratch / "whole"), stopped(scratch / "out");
  whole.train();
  stopped.change = [](const Tensor& loss, int64_t step) {
    if (step == 4) std::raise(SIGINT);
    return loss;
  };
  CHECK(message_of<train::Interrupted>([&] { stopped.train(); }) ==
        "stopped at step 4 of 6; go on with --resume --out " + stopped.o.out);
  Program resumed(scratch / "out", "resume");
  resumed.train();
  Losses both = stopped.losses;
  both.insert(both.end(), resumed.losses.begin(), resumed.losses.end());
  REQUIRE(both.size() == whole.losses.size());
  for (size_t i = 0; i < both.size(); ++i) {
    CAPTURE(i);
    CHECK(both[i] == whole.losses[i]);
  }
  const std::string model = "/checkpoint.safetensors";
  CHECK(read_safetensors(scratch / "out" + model).tensors.size() ==
        read_safetensors(scratch / "whole" + model).tensors.size());
}

// Once, the step at which an epoch ended was passed over: with an interval as long as an epoch
// nothing was ever saved.
TEST_CASE("run: checkpoints come in the interval asked for, and after the last step") {
  const Scratch scratch;
  for (const int64_t every : {1, 2, 3, 4, 0}) {
    CAPTURE(every);
    Program program(scratch / "out");
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
  Program program(scratch / "out");
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

TEST_CASE("run: scores come each so many steps, and of a loss the lowest is kept and drawn") {
  const Scratch scratch;
  std::vector<std::vector<double>> weights;
  const std::vector<double> scores{0.5, 0.25, 0.75};
  const auto train = [&](const std::string& folder, train::Best best) {
    weights.clear();
    Program program(scratch / folder);
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

  Program never(scratch / "never");
  never.score = [] { return 0.0; };
  never.score_each = -1;
  CHECK(never.error() == "run: a score each -1 steps; take 1 or more");
}

TEST_CASE("run: a score that is good enough ends it, resumed too") {
  const Scratch scratch;
  const auto steps = [&](train::Best best, double enough, const std::string& more) {
    Program program(scratch / "out", more);
    program.score_each = 2;
    program.best = best;
    program.score = [] { return 0.5; };
    program.ends_at = enough;
    program.train();
    return program.losses.size();
  };
  CHECK(steps(train::Best::highest, 0.75, "") == 6);
  CHECK(steps(train::Best::lowest, 0.25, "") == 6);
  CHECK(steps(train::Best::lowest, 0.75, "") == 2);
  CHECK(steps(train::Best::highest, 0.5, "") == 2);
  CHECK(steps(train::Best::highest, 0.5, "resume") == 0);
}

TEST_CASE("run: a new run takes the place of an old one, and of what a kill left") {
  const Scratch scratch;
  const std::string out = scratch / "out";
  std::filesystem::create_directory(out);
  for (const char* name : {"model.safetensors", "best.safetensors", ".model.safetensors.tmp-7-0",
                           ".checkpoint.safetensors.tmp-7-1", ".mine", "notes.txt"})
    scratch.write(std::string("out/") + name, "old");
  Program program(out);
  program.change = [&](const Tensor& loss, int64_t step) {
    if (step > 1) return loss;
    CHECK(step_of_checkpoint(out) == 0);
    for (const char* name : {"/model.safetensors", "/best.safetensors",
                             "/.model.safetensors.tmp-7-0", "/.checkpoint.safetensors.tmp-7-1"})
      CHECK_FALSE(std::filesystem::exists(out + name));
    for (const char* name : {"/.mine", "/notes.txt", "/config.json"})
      CHECK(std::filesystem::exists(out + name));
    return loss;
  };
  program.train(1);
}

// A kill between the first checkpoint and the vocabulary left a folder that could never go on.
TEST_CASE("run: what a resumed run reads is there before the first checkpoint") {
  const Scratch scratch;
  const std::string out = scratch / "out";
  const auto is_there = [&](const char* name) { return std::filesystem::exists(out + name); };
  for (const bool again : {false, true}) {  // in an empty folder, and in place of an earlier run
    CAPTURE(again);
    CHECK(is_there("/checkpoint.safetensors") == again);
    Program program(out);
    int64_t kept = 0;
    program.begin = [&](train::detail::RunBase& run) {
      CHECK(is_there("/config.json"));
      CHECK_FALSE(is_there("/checkpoint.safetensors"));
      for (const char* name : {"/vocab.txt", "/more.txt"})
        run.keep([&](const std::string& folder) {
          CHECK(folder == out);
          CHECK_FALSE(is_there("/checkpoint.safetensors"));
          write_atomic(folder + name, "words");
          ++kept;
        });
    };
    program.change = [&](const Tensor& loss, int64_t step) {
      if (step == 1) CHECK(step_of_checkpoint(out) == 0);
      return loss;
    };
    program.train();
    CHECK(kept == 2);
  }
  Program resumed(out, "resume"), late(scratch / "late");
  resumed.begin = [](train::detail::RunBase& run) {
    run.keep([](const std::string&) { FAIL("the folder has the file"); });
  };
  resumed.train(7);
  late.begin = [](train::detail::RunBase& run) {
    run.goes_on();
    run.keep([](const std::string&) {});
  };
  CHECK(late.error() ==
        "run: keep() after the checkpoint of step 0; call it before the first step");
}

TEST_CASE("run: a file that cannot be written before the first checkpoint") {
  const Scratch scratch;
  Program program(scratch / "out");
  program.begin = [](train::detail::RunBase& run) {
    run.keep([](const std::string& folder) { write_atomic(folder + "/no/vocab.txt", ""); });
  };
  CHECK(program.error() == program.o.out + "/no/vocab.txt: cannot be written: there is no folder " +
                               program.o.out + "/no; make it first; there is no checkpoint yet");
}

TEST_CASE("run: a folder that is removed or replaced is noticed at the next step") {
  const Scratch scratch;
  const std::string out = scratch / "out";
  const std::string gone = "; the checkpoint of step 1 is gone from " + out + ": start again";
  for (const bool replaced : {false, true}) {
    CAPTURE(replaced);
    Program program(out);
    program.o.checkpoint_every = 1;
    program.change = [&](const Tensor& loss, int64_t step) {
      if (step != 2) return loss;
      std::filesystem::rename(out, scratch / (replaced ? "second" : "first"));
      if (replaced) std::filesystem::create_directory(out);
      return loss;
    };
    CHECK(program.error() == out + ": the folder was removed during the run" + gone);
    CHECK(program.losses.size() == 2);
    if (replaced) CHECK(std::filesystem::is_empty(out));
  }
  std::filesystem::remove(out);

  Program lost(out);  // the checkpoint alone
  lost.o.checkpoint_every = 1;
  lost.change = [&](const Tensor& loss, int64_t step) {
    if (step == 2) std::filesystem::remove(out + "/checkpoint.safetensors");
    return step == 2 ? loss * NAN : loss;
  };
  const std::string message = lost.error();
  CHECK(message == fmt::format("run: the loss is nan at step 2; the last finite loss was "
                               "{:.6g}, at step 1{}; lower the learning rate, or clip "
                               "gradients",
                               lost.losses[0], gone));
}

TEST_CASE("run: a score that is NaN is no best one, and ends no run") {
  const Scratch scratch;
  for (const auto best : {train::Best::highest, train::Best::lowest}) {
    Program program(scratch / "out");
    std::vector<std::vector<double>> weights;
    program.score_each = 2;
    program.best = best;
    program.ends_at = best == train::Best::highest ? 0.75 : 0.25;
    program.score = [&] {
      weights.push_back(program.layer.weight.to_vector<double>());
      return weights.size() == 2 ? 0.5 : -NAN;
    };
    program.train();
    REQUIRE(weights.size() == 3);
    CHECK(program.layer.weight.to_vector<double>() == weights[1]);
  }
}

TEST_CASE("run: one at a time writes into a folder") {
  const Scratch scratch;
  const std::string out = scratch / "out", link = scratch / "link";
  Program first(out), alone(scratch / "alone");
  alone.train();
  std::string before;
  first.change = [&](const Tensor& loss, int64_t step) {
    if (step == 1) {
      scratch.write("out/.config.json.tmp-7-0", "of a killed run");
      std::filesystem::create_directory_symlink(out, link);
      before = read_file(out + "/checkpoint.safetensors");
    }
    for (const auto& [folder, more] :
         {std::pair(out, ""), std::pair(out, "resume"), std::pair(link, "")}) {
      Program second(folder, more);
      CHECK(second.error() ==
            folder + ": another run is writing there; wait for it, stop it, or take another --out");
      CHECK(second.losses.empty());
    }
    CHECK(std::filesystem::exists(out + "/.config.json.tmp-7-0"));
    if (step == 1) CHECK(read_file(out + "/checkpoint.safetensors") == before);
    return loss;
  };
  first.train();
  CHECK(step_of_checkpoint(out) == 6);
  Program next(out);
  next.train();
  CHECK(next.losses == alone.losses);
}

TEST_CASE("run: an average of the weights is scored, kept, and goes on after a stop") {
  const auto weights = [](const Program& p) { return p.layer.weight.to_vector<double>(); };
  const Scratch scratch;
  std::vector<std::vector<double>> scored;
  const auto train = [&](const std::string& out, const std::string& more, int64_t steps) {
    Program program(out, more);
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

  // Without a score the averages are what is left.
  Program program(scratch / "plain");
  optim::Ema ema(program.params, 0.5);
  program.average = &ema;
  program.train();
  CHECK(weights(program) == ema.averages()[0].value.to_vector<double>());
  CHECK(weights(program) == whole);
  // A checkpoint of a run without one has none to go on from.
  Program other(scratch / "other");
  other.train();
  other.o.resume = true;
  other.average = &ema;
  CHECK(other.error().starts_with(scratch / "other/checkpoint.safetensors: "));
}

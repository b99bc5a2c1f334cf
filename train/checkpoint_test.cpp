#include "tapehead/train/checkpoint.h"

#include <doctest/doctest.h>

#include <random>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/file.h"
#include "tapehead/nn/linear.h"
#include "tapehead/optim/adamw.h"
#include "tapehead/optim/sgd.h"
#include "tapehead/tests/file_limit.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead;
using namespace tapehead::test;

namespace {

// A model with a random loss, so that every part of the state matters to the next step.
struct Training {
  nn::Params params{3};
  nn::Linear layer;
  optim::AdamW optimizer;
  optim::WarmupCosineLR schedule;

  explicit Training(int64_t width = 3)
      : layer(params / "layer", width, 2),
        optimizer(params, {.lr = 0.1}),
        schedule(optimizer, {.warmup_steps = 3, .total_steps = 20}),
        width_(width) {}

  void step() {
    optimizer.zero_grad();
    mean(square(layer(randn({4, width_})))).backward();
    optimizer.step();
    schedule.step();
  }
  std::vector<double> state() const {
    std::vector<double> all = layer.weight.to_vector<double>();
    all.push_back(optimizer.lr());
    for (const auto& [name, tensor] : optimizer.save().tensors)
      for (const double x : tensor.to_vector<double>()) all.push_back(x);
    all.push_back(static_cast<double>(default_generator().draws));
    return all;
  }
  void save(const std::string& path, const train::RunState& run = {}) const {
    train::save_checkpoint(path, params, optimizer, schedule, run);
  }
  train::RunState load(const std::string& path) {
    return train::load_checkpoint(path, params, optimizer, schedule);
  }

 private:
  int64_t width_;
};

// The message of the error that load() throws; checks that nothing was changed.
template <class E = FormatError>
std::string refusal(Training& training, const std::string& path) {
  const std::vector<double> before = training.state();
  const std::string message = message_of<E>([&] { training.load(path); });
  CHECK(training.state() == before);
  return message;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  REQUIRE(from.size() == to.size());
  const size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("checkpoint: what goes on from one is what would have been") {
  const Scratch scratch;
  manual_seed(9);
  Training first;
  for (int i = 0; i < 5; ++i) first.step();
  const train::RunState run{.step = 5,
                            .position = {.epoch = 2, .batch = 7},
                            .best = 0.1,
                            .has_best = true,
                            .seconds = 12.25};
  first.save(scratch / "c", run);
  for (int i = 0; i < 5; ++i) first.step();

  manual_seed(1);
  Training second;
  second.step();
  const train::RunState loaded = second.load(scratch / "c");
  CHECK(loaded.step == 5);
  CHECK(loaded.position == run.position);
  CHECK(loaded.best == 0.1);
  CHECK(loaded.has_best);
  CHECK(loaded.seconds == 12.25);
  for (int i = 0; i < 5; ++i) second.step();
  CHECK(second.state() == first.state());
}

TEST_CASE("checkpoint: of another model, every difference is listed and nothing loaded") {
  const Scratch scratch;
  Training wide(4);
  wide.step();
  wide.save(scratch / "wide");
  Training narrow;
  const std::string path = scratch / "wide";
  CHECK(refusal(narrow, path) ==
        path +
            " does not fit the model: layer.weight is [2, 4] in the file, [2, 3] in the model; "
            "nothing was loaded");

  nn::Params more(1);
  nn::Linear layer(more / "layer", 4, 2), head(more / "head", 2, 2, {.bias = false});
  optim::AdamW optimizer(more, {.lr = 0.1});
  optim::LRScheduler schedule(optimizer);
  CHECK(message_of<FormatError>([&] { train::load_checkpoint(path, more, optimizer, schedule); }) ==
        path + " does not fit the model: missing head.weight; nothing was loaded");
}

TEST_CASE("checkpoint: of another optimizer or schedule, nothing is loaded") {
  const Scratch scratch;
  Training training;
  training.step();
  training.save(scratch / "c");
  const std::string path = scratch / "c";

  optim::SGD sgd(training.params, {.lr = 0.1});
  optim::LRScheduler constant(sgd);
  const std::vector<double> before = training.state();
  CHECK(message_of<FormatError>(
            [&] { train::load_checkpoint(path, training.params, sgd, constant); }) ==
        path +
            ": SGD: the state does not fit: unexpected layer.bias.exp_avg, "
            "layer.bias.exp_avg_sq, layer.weight.exp_avg, layer.weight.exp_avg_sq; nothing was "
            "loaded");
  CHECK(training.state() == before);

  optim::AdamW other(training.params, {.lr = 0.5});
  optim::ReduceLROnPlateau plateau(other);
  CHECK(message_of<FormatError>(
            [&] { train::load_checkpoint(path, training.params, other, plateau); }) ==
        path +
            ": ReduceLROnPlateau: the state does not fit: missing bad, cooldown, scale, best, "
            "observed; nothing was loaded");
  CHECK(other.save().tensors.empty());  // its state did fit, but was rolled back
  CHECK(other.lr() == 0.5);
}

TEST_CASE("checkpoint: without a schedule") {
  const Scratch scratch;
  const std::string path = scratch / "c", with = scratch / "with";
  Training training;
  training.step();
  optim::AdamW& opt = training.optimizer;
  train::save_checkpoint(path, training.params, opt, {.step = 1});
  const std::vector<double> before = training.state();
  training.step();
  CHECK(train::load_checkpoint(path, training.params, opt).step == 1);
  CHECK(training.state() == before);

  CHECK(refusal(training, path) ==
        path + ": LRScheduler: the state does not fit: missing steps; nothing was loaded");
  training.save(with);
  CHECK(message_of<FormatError>([&] { train::load_checkpoint(with, training.params, opt); }) ==
        with +
            ": it contains the state of a schedule, which would be lost; pass one to "
            "load_checkpoint()");
  optim::Ema ema(training.params, 0.5);
  train::save_checkpoint(path, training.params, opt, {}, &ema);
  CHECK(message_of<FormatError>([&] { train::load_checkpoint(path, training.params, opt); }) ==
        path +
            ": it contains the state of an average, which would be lost; pass one to "
            "load_checkpoint()");
  train::load_checkpoint(path, training.params, opt, &ema);
}

TEST_CASE("checkpoint: not while an average is in the model") {
  const Scratch scratch;
  Training training;
  optim::Ema ema(training.params, 0.5);
  training.step();
  ema.update();
  training.step();
  training.save(scratch / "c");
  const std::vector<double> weights = training.state();
  {
    auto swapped = ema.swap();
    const std::string has =
        ": the model has the averages of Ema in place of its weights; end the scope of swap() "
        "before it";
    CHECK(message_of<GraphError>([&] { training.save(scratch / "d"); }) == "save_checkpoint" + has);
    CHECK(message_of<GraphError>([&] { training.load(scratch / "c"); }) == "load_checkpoint" + has);
  }
  CHECK(training.state() == weights);
  CHECK(scratch.count() == 1);
}

TEST_CASE("checkpoint: numbers that are none, or count nothing") {
  const Scratch scratch;
  Training training;
  training.save(scratch / "good", {.step = 12});
  const std::string good = read_file(scratch / "good");
  const auto path =
      scratch.write("bad", replaced(good, R"("run.step":"12")", R"("run.step":"1x")"));
  CHECK(refusal(training, path) == path + ": not a checkpoint: 'run.step' is '1x', not a number");
  scratch.write("bad", replaced(good, R"("run.step":"12")", R"("run.step":"-1")"));
  CHECK(refusal(training, path) ==
        path + ": not a checkpoint: 'run.step' is -1, which is not a count");
  training.params.save(scratch / "weights");
  CHECK(refusal(training, scratch / "weights") ==
        scratch / "weights" + ": not a checkpoint: 'run.step' is '', not a number");
}

TEST_CASE(
    "checkpoint: truncated anywhere or with random bytes it is refused, and nothing changes") {
  const Scratch scratch;
  Training training;
  training.step();
  training.save(scratch / "good");
  const std::string good = read_file(scratch / "good"), path = scratch / "bad";
  for (size_t size = 0; size < good.size(); size += 1 + size / 100) {
    CAPTURE(size);
    scratch.write("bad", good.substr(0, size));
    CHECK_FALSE(refusal(training, path).empty());
  }
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    CAPTURE(round);
    std::string bytes = good;
    for (int i = 0; i < 3; ++i) bytes[random() % (bytes.size() / 2)] = static_cast<char>(random());
    scratch.write("bad", bytes);
    const std::vector<double> before = training.state();
    try {
      training.load(path);  // may succeed, if only a digit was changed
      training.load(scratch / "good");
    } catch (const Error&) {
      CHECK(training.state() == before);
    }
  }
}

TEST_CASE("checkpoint: on a full disk the last one survives") {
  const Scratch scratch;
  Training training;
  training.save(scratch / "c");
  const std::string before = read_file(scratch / "c"), path = scratch / "c";
  training.step();
  {
    const FileLimit full(512);
    CHECK(message_of<IoError>([&] { training.save(path); }) ==
          path + ": cannot be written: File too large; the old file is unchanged");
    CHECK(message_of<IoError>([&] { training.save(scratch / "new"); }) ==
          scratch / "new" + ": cannot be written: File too large; nothing was written");
  }
  CHECK(read_file(path) == before);
  CHECK(scratch.count() == 1);  // no temporary file is left
}

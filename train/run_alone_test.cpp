// Runs without a command line, loader or schedule; clipping and accumulation of gradients.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <csignal>
#include <filesystem>

#include "tapehead/autograd/autocast.h"
#include "tapehead/optim/clip.h"
#include "tapehead/optim/sgd.h"
#include "tapehead/tests/run_program.h"
#include "tapehead/tests/user_optimizers.h"
#include "tapehead/train/metrics_log.h"

using namespace tapehead;
using namespace tapehead::test;

namespace {

// A run with only a model, an optimizer and a folder.
struct Alone {
  nn::Params params{5};
  nn::Linear layer{params / "layer", 40, 40};
  optim::AdamW optimizer{params, {.lr = 0.05}};
  train::RunOptions options;
  Losses losses;
  std::function<void(int64_t pass)> before = [](int64_t) {};

  explicit Alone(const std::string& out) : options{.out = out, .steps = 6, .quiet = true} {}
  Tensor loss() const { return mean(square(layer(randn({3, 40})) - 1)); }
  void train() {
    manual_seed(4);
    train::Run run(params, optimizer, options);
    for (int64_t pass = 1; run.should_continue(); ++pass) {
      before(pass);
      const Tensor l = loss();
      l.backward();
      losses.push_back(l.item());
      run.step(l);
    }
    run.finish("val", 0.125);
  }
  std::vector<double> weights() const { return layer.weight.to_vector<double>(); }
};

}  // namespace

TEST_CASE("run: without a command line, a loader and a schedule it resumes bit for bit") {
  const Scratch scratch;
  Alone whole(scratch / "whole"), stopped(scratch / "out"), resumed(scratch / "out");
  whole.train();
  stopped.before = [](int64_t pass) {
    if (pass == 3) std::raise(SIGINT);
  };
  CHECK(message_of<train::Interrupted>([&] { stopped.train(); }) ==
        "stopped at step 3 of 6; continue with resume = true, out = " + stopped.options.out);
  resumed.options.resume = true;
  resumed.train();
  CHECK(resumed.weights() == whole.weights());
  CHECK(resumed.losses == Losses(whole.losses.begin() + 3, whole.losses.end()));
  for (const char* name :
       {"checkpoint.safetensors", "metrics.jsonl", "loss.svg", "model.safetensors"})
    CHECK(std::filesystem::exists(scratch / "out" + "/" + name));
  CHECK_FALSE(std::filesystem::exists(scratch / "out/config.json"));
  CHECK(train::read_curve(scratch / "out/metrics.jsonl", "val").values ==
        std::vector<double>{0.125});
}

TEST_CASE("run: autocast is off in the optimizer and on in evaluations") {
  const Scratch scratch;
  nn::Params params{5};
  const nn::Linear layer(params / "layer", 4, 4);
  bool in_optimizer = true, in_evaluation = false;
  Simple optimizer(params, [&](optim::Parameter& p) {
    in_optimizer = is_autocast_enabled();
    CHECK(p.grad.dtype() == f32);
  });
  const AutocastMode on(bf16);
  train::Run run(params, optimizer, {.out = scratch / "out", .steps = 1, .quiet = true});
  run.evaluate_every(1, "val", [&] {
    in_evaluation = is_autocast_enabled();
    return 0.0;
  });
  while (run.should_continue()) {
    const Tensor loss = mean(square(layer(ones({2, 4}))));
    loss.backward();
    run.step(loss);
  }
  CHECK_FALSE(in_optimizer);
  CHECK(in_evaluation);
  CHECK(layer.weight.dtype() == f32);
}

TEST_CASE("run: a config.json of another run does not stay") {
  const Scratch scratch;
  RunProgram program(scratch / "out");
  program.train();
  CHECK(std::filesystem::exists(scratch / "out/config.json"));
  Alone(scratch / "out").train();
  CHECK_FALSE(std::filesystem::exists(scratch / "out/config.json"));
}

TEST_CASE("run: gradients are clipped within the optimizer's pass") {
  const Scratch scratch;
  Alone clipped(scratch / "out"), by_hand(scratch / "other");
  clipped.options.max_grad_norm = 0.01;
  clipped.train();
  manual_seed(4);
  for (int i = 0; i < 6; ++i) {
    const Tensor loss = by_hand.loss();
    loss.backward();
    const double norm = optim::grad_norm(by_hand.params);
    CHECK(norm > 0.02);
    by_hand.optimizer.step({.grad_scale = optim::clip_factor(norm, 0.01)});
    by_hand.optimizer.zero_grad();
  }
  CHECK(clipped.weights() == by_hand.weights());
}

TEST_CASE("run: several backward passes make a step, of which none is left half done") {
  const Scratch scratch;
  const std::string out = scratch / "out";
  Alone whole(scratch / "whole");
  whole.options.accumulation_steps = 3;
  whole.options.max_grad_norm = 0.01;
  whole.train();
  CHECK(whole.losses.size() == 18);
  const train::Curve curve = train::read_curve(scratch / "whole/metrics.jsonl", "loss");
  REQUIRE(curve.values.size() == 6);
  const Losses& l = whole.losses;
  CHECK(curve.values[1] == doctest::Approx((l[3] + l[4] + l[5]) / 3));

  Alone by_hand(scratch / "hand");
  manual_seed(4);
  for (int i = 0; i < 6; ++i) {
    for (int pass = 0; pass < 3; ++pass) by_hand.loss().backward();
    const double third = 1 / 3.0, norm = optim::grad_norm(by_hand.params) * third;
    by_hand.optimizer.step({.grad_scale = third * optim::clip_factor(norm, 0.01)});
    by_hand.optimizer.zero_grad();
  }
  CHECK(whole.weights() == by_hand.weights());

  Alone stopped(out), resumed(out);
  for (Alone* each : {&stopped, &resumed}) {
    each->options.accumulation_steps = 3;
    each->options.max_grad_norm = 0.01;
  }
  stopped.before = [](int64_t pass) {
    if (pass == 4) std::raise(SIGINT);  // the first pass of the second step
  };
  CHECK(message_of<train::Interrupted>([&] { stopped.train(); }) ==
        "stopped at step 2 of 6; continue with resume = true, out = " + out);
  CHECK(stopped.losses.size() == 6);
  resumed.options.resume = true;
  resumed.train();
  CHECK(resumed.weights() == whole.weights());
}

TEST_CASE("run: an epoch that ends within a step is scored after it") {
  const Scratch scratch;
  nn::Params params{5};
  const nn::Linear layer(params / "layer", 4, 4);
  optim::SGD optimizer(params, {.lr = 0.01});
  data::Loader<Tensor> batches{3,
                               [](std::span<const int64_t>) {
                                 return ones({2, 4});
                               },
                               {.batch = 1, .seed = 2}};
  train::Run run(params, optimizer, batches,
                 {.out = scratch / "out", .steps = 6, .accumulation_steps = 2, .quiet = true});
  std::vector<int64_t> scored;
  run.evaluate_every_epoch("val", [&] {
    scored.push_back(run.steps_taken());
    return 0.0;
  });
  for (const Tensor& batch : run) {
    const Tensor loss = mean(square(layer(batch)));
    loss.backward();
    run.step(loss);
  }
  CHECK(scored == std::vector<int64_t>{2, 3, 5, 6});
}

TEST_CASE("run: what it refuses") {
  const Scratch scratch;
  const std::string out = scratch / "out";
  nn::Params params{5};
  const nn::Linear layer(params / "layer", 4, 4);
  optim::SGD optimizer(params, {.lr = 0.01});
  const auto refused = [&](const train::RunOptions& options) {
    return message_of<ValueError>([&] { train::Run run(params, optimizer, options); });
  };
  CHECK(refused({.steps = 1}) == "run: out is empty; name the run's folder");
  CHECK(refused({.out = out}) == "run: steps = 0; it must be 1 or more");
  CHECK(refused({.out = out, .steps = 1, .accumulation_steps = 0}) ==
        "run: accumulation_steps = 0; it must be 1 or more");
  CHECK(refused({.out = out, .steps = 1, .max_grad_norm = NAN}) ==
        "run: max_grad_norm = nan; it must be above 0");
  CHECK_FALSE(std::filesystem::exists(out));

  train::Run run(params, optimizer, {.out = out, .steps = 4, .max_grad_norm = 1, .quiet = true});
  CHECK(message_of<ValueError>([&] { run.evaluate_every_epoch("val", [] { return 0.0; }); }) ==
        "run: evaluate_every_epoch() requires a loader; pass one, or call evaluate_every()");
  CHECK(run.should_continue());
  const Tensor loss = mean(square(layer(ones({2, 4}))));
  CHECK(message_of<GraphError>([&] { run.step(loss); }) ==
        "run: no parameter has a gradient; call backward() on the loss before step()");
  (loss + sum(sqrt(layer.bias * 0))).backward();
  CHECK(message_of<GraphError>([&] { run.step(loss); }) ==
        "run: the norm of the gradients is nan at step 1; the checkpoint of step 0 is kept: resume "
        "= true, anomaly = true, out = " +
            out + " names the first op that made a NaN; lower the learning rate");
  train::Run other(params, optimizer, {.out = scratch / "more", .steps = 4, .quiet = true});
  CHECK(message_of<IoError>([&] {
          train::Run second(params, optimizer, {.out = scratch / "more", .steps = 4});
        }) == scratch / "more" +
                  ": another run is writing there; wait for it, stop it, or use another folder");
}

// A training program of a few steps, for tests of train::Run.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/formats/safetensors.h"
#include "tapehead/nn/linear.h"
#include "tapehead/optim/adamw.h"
#include "tapehead/optim/average.h"
#include "tapehead/tests/scratch.h"
#include "tapehead/train/run.h"

namespace tapehead::test {

using Losses = std::vector<double>;

// A training program of six steps (two epochs) in the folder `out`; tests define what happens in a
// step.
struct RunProgram {
  train::Options o;
  nn::Params params{5};
  nn::Linear layer{params / "layer", 40, 40};
  optim::AdamW optimizer{params, {.lr = 0.05}};
  optim::CosineAnnealingLR schedule{optimizer, {.t_max = 6}};
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
  std::optional<double> stop_at;
  optim::Ema* average = nullptr;
  bool finishes = false;
  std::function<void(train::detail::RunBase&)> begin = [](auto&) {};

  RunProgram(const std::string& out, const std::string& more = "") {
    o.out = out;
    o.quiet = true;
    o.resume = more == "resume";
  }
  void train(int64_t steps = 6) {
    manual_seed(4);
    char name[] = "sum";
    char* argv[] = {name};
    const train::Cli cli(1, argv, "sum", "A test.");
    train::Run run(params, optimizer, batches,
                   cli.run_options(o, {.steps = steps, .schedule = &schedule, .average = average}));
    if (score && score_each == 0) run.evaluate_every_epoch("val", score, best);
    if (score && score_each != 0) run.evaluate_every(score_each, "val", score, best);
    if (stop_at) run.stop_at(*stop_at);
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

inline int64_t step_of_checkpoint(const std::string& out) {
  return std::stoll(read_safetensors(out + "/checkpoint.safetensors").note("run.step"));
}

}  // namespace tapehead::test

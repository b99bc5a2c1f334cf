// Options of a training run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tapehead::optim {
class LRScheduler;
class WeightAverage;
}  // namespace tapehead::optim

namespace tapehead::train {

class Cli;

struct RunOptions {
  std::string out = "";  ///< folder for checkpoints, logs and the model; created if necessary
  int64_t steps = 0;     ///< total number of steps, including those before a resume
  bool resume = false;   ///< resume from the checkpoint in `out`
  /// Steps between checkpoints; 0: at the end of each epoch. Checkpoints are always saved before
  /// the first and after the last step.
  int64_t checkpoint_every = 0;

  /// Clips the gradient norm, like optim::clip_grad_norm_(), but inside the optimizer's update.
  std::optional<double> max_grad_norm = {};
  /// Number of backward passes per step; their gradients are averaged.
  int64_t accumulation_steps = 1;
  optim::LRScheduler* schedule = nullptr;   ///< stepped with the optimizer
  optim::WeightAverage* average = nullptr;  ///< updated at each step; evaluated and saved if set

  bool anomaly = false;        ///< report the first op that produces NaN (slow)
  bool quiet = false;          ///< do not show progress
  std::string name = "train";  ///< label of the progress display and of loss.svg
  /// The program's command line, if any; set by Cli::run_options(). Its name replaces `name`, its
  /// options are written to config.json, finish() prints the result, and errors refer to its flags.
  const Cli* cli = nullptr;
};

}  // namespace tapehead::train

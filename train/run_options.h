// What a training run is told.
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
  std::string out = "";  ///< the folder for checkpoints, logs and the model; it is made
  int64_t steps = 0;     ///< how many to take, those before a resume included
  bool resume = false;   ///< go on from the checkpoint in `out`
  /// Steps between checkpoints. 0: at the end of each epoch. One is saved before the first step and
  /// after the last in any case.
  int64_t checkpoint_every = 0;

  /// Limits the norm of the gradients, as optim::clip_grad_norm_() does, within the optimizer's
  /// pass.
  std::optional<double> max_grad_norm = {};
  /// So many backward passes make one step, with the mean of their gradients.
  int64_t accumulation_steps = 1;
  optim::LRScheduler* schedule = nullptr;   ///< steps with the optimizer
  optim::WeightAverage* average = nullptr;  ///< updated at each step; it is what is scored and kept

  bool anomaly = false;        ///< name the first op that makes a NaN (slow)
  bool quiet = false;          ///< no progress
  std::string name = "train";  ///< labels the progress and loss.svg
  /// The program's command line, if it has one: its name replaces `name`, its options are written
  /// to config.json, finish() prints the last line, and errors name its flags. Cli::run_options()
  /// sets it.
  const Cli* cli = nullptr;
};

}  // namespace tapehead::train

// Checkpoints: everything that a run needs to go on as if it had never stopped.
#pragma once

#include <string>
#include <vector>

#include "tapehead/core/formats/safetensors.h"
#include "tapehead/core/random.h"
#include "tapehead/data/loader.h"
#include "tapehead/nn/params.h"
#include "tapehead/optim/average.h"
#include "tapehead/optim/lr_scheduler.h"
#include "tapehead/optim/optimizer.h"

namespace tapehead::train {

/// The name of a run's checkpoint in its folder.
inline constexpr const char* kCheckpoint = "checkpoint.safetensors";

/// Where a run stands, beside the state of its parts.
struct RunState {
  int64_t step = 0;
  data::LoaderPosition position;
  double best = 0;  ///< the best score of validation so far
  bool has_best = false;
  double seconds = 0;  ///< of training
};

/// Writes parameters, optimizer, schedule, the default generator, the run's state and, if there is
/// one, an average of the weights to one safetensors file, whole or not at all: when the disk is
/// full, what stood there before stays. Throws IoError, and GraphError in the scope of an average's
/// swap(). A run with a constant learning rate needs no schedule.
void save_checkpoint(const std::string& path, const nn::Params& params,
                     const optim::Optimizer& optimizer, const optim::LRScheduler& schedule,
                     const RunState& run, const optim::WeightAverage* average = nullptr);
void save_checkpoint(const std::string& path, const nn::Params& params,
                     const optim::Optimizer& optimizer, const RunState& run,
                     const optim::WeightAverage* average = nullptr);

/// Brings all of them to what a checkpoint holds, which must have the same parts. Throws IoError,
/// and FormatError that lists every difference when the file is of another model; then nothing was
/// changed.
RunState load_checkpoint(const std::string& path, const nn::Params& params,
                         optim::Optimizer& optimizer, optim::LRScheduler& schedule,
                         optim::WeightAverage* average = nullptr);
RunState load_checkpoint(const std::string& path, const nn::Params& params,
                         optim::Optimizer& optimizer, optim::WeightAverage* average = nullptr);

}  // namespace tapehead::train

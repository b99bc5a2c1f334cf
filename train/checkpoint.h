// Checkpoints: the complete state of a training run, so that it resumes bit-for-bit.
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

/// The file name of a run's checkpoint.
inline constexpr const char* kCheckpoint = "checkpoint.safetensors";

/// The progress of a run, besides the state of its parts.
struct RunState {
  int64_t step = 0;               ///< the number of steps taken
  data::LoaderPosition position;  ///< of the loader
  double best = 0;                ///< the best validation score so far
  bool has_best = false;          ///< whether there is a best score
  double seconds = 0;             ///< training time
};

/// Writes the parameters, the state of the optimizer, schedule (if any), default generator and
/// weight average (if any), and the run's progress to one safetensors file. The write is atomic: if
/// it fails, the previous file is kept. Throws IoError, and GraphError while a weight average is
/// swapped into the model.
void save_checkpoint(const std::string& path, const nn::Params& params,
                     const optim::Optimizer& optimizer, const optim::LRScheduler& schedule,
                     const RunState& run, const optim::WeightAverage* average = nullptr);
void save_checkpoint(const std::string& path, const nn::Params& params,
                     const optim::Optimizer& optimizer, const RunState& run,
                     const optim::WeightAverage* average = nullptr);

/// Restores all of them from a checkpoint, which must have been saved with the same parts. Throws
/// IoError, FormatError that lists every difference, and GraphError while a weight average is
/// swapped in; nothing is changed then.
RunState load_checkpoint(const std::string& path, const nn::Params& params,
                         optim::Optimizer& optimizer, optim::LRScheduler& schedule,
                         optim::WeightAverage* average = nullptr);
RunState load_checkpoint(const std::string& path, const nn::Params& params,
                         optim::Optimizer& optimizer, optim::WeightAverage* average = nullptr);

}  // namespace tapehead::train

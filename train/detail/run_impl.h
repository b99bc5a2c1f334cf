// Inside a run.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "tapehead/autograd/anomaly.h"
#include "tapehead/core/error.h"
#include "tapehead/train/checkpoint.h"
#include "tapehead/train/detail/folder_lock.h"
#include "tapehead/train/detail/interrupt.h"
#include "tapehead/train/metrics_log.h"
#include "tapehead/train/progress.h"
#include "tapehead/train/run.h"
#include "tapehead/train/tensorboard.h"

namespace tapehead::train::detail {

// Files in a run's folder.
inline constexpr const char* kModel = "model.safetensors";
inline constexpr const char* kBest = "best.safetensors";
inline constexpr const char* kConfig = "config.json";

/// Seconds.
double now();

struct RunBase::State {
  std::unique_ptr<const FolderLock> lock;
  RunOptions options;
  std::string label;  // of the progress and loss.svg
  nn::Params params;
  optim::Optimizer& optimizer;
  BatchSource source;
  RunState run;
  struct Scoring {
    int64_t every = 0;  // steps; 0: once an epoch
    std::string metric;
    std::function<double()> score;
    Best best = Best::highest;

    // NaN is no score: nothing is worse.
    bool better(double value, double than) const {
      if (std::isnan(than)) return !std::isnan(value);
      return best == Best::highest ? value > than : value < than;
    }
  };
  Scoring scoring;
  std::optional<double> enough;  // a score that ends the run
  MetricsLog log;
  Curve losses;
  TensorBoard board;
  Progress progress;
  CatchInterrupt interrupt;
  std::optional<AnomalyMode> anomaly;
  double started = now();
  std::optional<int64_t> saved;  // the step of the checkpoint
  int64_t epoch = 0;             // at the end of the last step
  int64_t passes = 0;            // backward passes of a step that is not complete
  double sum_of_losses = 0;      // of these

  std::string file(const char* name) const { return options.out + "/" + name; }

  bool over() const {
    return run.step >= options.steps ||
           (enough && run.has_best && !scoring.better(*enough, run.best));
  }

  /// How the run is resumed.
  std::string resuming(bool with_anomaly = false) const;
  /// What an error says last: what is left, and how it is used.
  std::string kept(bool with_anomaly = false) const;
  std::string kept_for_anomaly() const { return kept(true); }

  data::LoaderPosition position() const {
    return source.position ? source.position() : data::LoaderPosition();
  }

  /// Throws GraphError for a parameter that is NaN or infinite.
  void check_parameters() const;
  /// Writes a checkpoint.
  void save();
  /// Scores the model, and keeps it when it is the best so far.
  void score();
  /// The step itself: the gradients are scaled and clipped in the optimizer's own pass.
  void optimize();
  /// Logs a step that was taken, and scores and saves when it is due.
  void record(double loss);

  /// Does what writes files; when that fails, says how to go on. Logs that are open outlive their
  /// folder, and would not notice.
  template <class F>
  void writing(F f) const {
    try {
      if (!lock->in_place())
        throw IoError(fmt::format("{}: the folder was removed during the run", options.out));
      f();
    } catch (const IoError& e) {
      throw IoError(fmt::format("{}; {}", e.what(), kept()));
    }
  }

  /// Whether the log ends with this result: a run that is over was resumed.
  bool has_logged(const std::string& metric, double value) const;

  /// Writes loss.svg.
  void draw() const;
};

}  // namespace tapehead::train::detail

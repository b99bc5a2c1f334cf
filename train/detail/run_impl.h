// The implementation of a run.
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

/// Time of a steady clock in seconds.
double now();

struct RunBase::State {
  std::unique_ptr<const FolderLock> lock;
  RunOptions options;
  std::string label;  // of the progress display and loss.svg
  nn::Params params;
  optim::Optimizer& optimizer;
  BatchSource source;
  RunState run;
  struct Scoring {
    int64_t every = 0;  // steps; 0: once an epoch
    std::string metric;
    std::function<double()> score;
    Best best = Best::highest;

    // NaN is worse than any score.
    bool better(double value, double than) const {
      if (std::isnan(than)) return !std::isnan(value);
      return best == Best::highest ? value > than : value < than;
    }
  };
  Scoring scoring;
  std::optional<double> enough;  // the score that ends the run
  MetricsLog log;
  Curve losses;
  TensorBoard board;
  Progress progress;
  CatchInterrupt interrupt;
  std::optional<DetectAnomalyGuard> anomaly;
  double started = now();
  std::optional<int64_t> saved;  // the step of the last checkpoint
  int64_t epoch = 0;             // after the last step
  int64_t passes = 0;            // backward passes of the incomplete step
  double sum_of_losses = 0;      // of these passes

  std::string file(const char* name) const { return options.out + "/" + name; }

  bool over() const {
    return run.step >= options.steps ||
           (enough && run.has_best && !scoring.better(*enough, run.best));
  }

  /// For messages: how to resume the run.
  std::string resuming(bool with_anomaly = false) const;
  /// The end of an error message: which checkpoint is left, and how to resume.
  std::string kept(bool with_anomaly = false) const;
  std::string kept_for_anomaly() const { return kept(true); }

  data::LoaderPosition position() const {
    return source.position ? source.position() : data::LoaderPosition();
  }

  /// Throws GraphError for a parameter that is NaN or infinite.
  void check_parameters() const;
  /// Writes a checkpoint.
  void save();
  /// Evaluates the model, and saves its weights if the score is the best so far.
  void score();
  /// Takes an optimizer step, with scaling and clipping of the gradients inside the update.
  void optimize();
  /// Logs a completed step, and evaluates and saves if due.
  void record(double loss);

  /// Calls f, which writes files, and adds to IoErrors how to resume. Also throws if the folder was
  /// removed, which writing to open logs would not detect.
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

  /// Whether the log already ends with this result, because a finished run was resumed.
  bool has_logged(const std::string& metric, double value) const;

  /// Writes loss.svg.
  void draw() const;
};

}  // namespace tapehead::train::detail

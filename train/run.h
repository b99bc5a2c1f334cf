// A training run: checkpoints, logging, evaluation and progress around a training loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "tapehead/data/loader.h"
#include "tapehead/nn/params.h"
#include "tapehead/optim/average.h"
#include "tapehead/optim/lr_scheduler.h"
#include "tapehead/optim/optimizer.h"
#include "tapehead/train/cli.h"
#include "tapehead/train/run_options.h"

namespace tapehead::train {

/// Whether higher scores are better (accuracy) or lower ones (loss).
enum class Best { highest, lowest };

namespace detail {

/// The interface of a loader to Run, independent of the batch type; empty without a loader.
struct BatchSource {
  std::function<data::LoaderPosition()> position;
  std::function<void(const data::LoaderPosition&)> seek;
};

/// The part of Run that is independent of the batch type.
class RunBase {
 public:
  RunBase(const nn::Params& params, optim::Optimizer& optimizer, BatchSource source,
          const RunOptions& options);
  ~RunBase();

  /// Evaluates the model after every epoch and logs the score. Saves the weights with the best
  /// score, the last of equal ones, to best.safetensors. Scores with Best::lowest are drawn in
  /// loss.svg. Throws ValueError for a run without a loader, which has no epochs.
  void evaluate_every_epoch(const std::string& metric, std::function<double()> score,
                            Best best = Best::highest);
  /// Evaluates the model after every `steps` steps and after the last one. Throws ValueError for
  /// steps below 1.
  void evaluate_every(int64_t steps, const std::string& metric, std::function<double()> score,
                      Best best = Best::highest);
  /// Ends the run when a score reaches this value.
  void stop_at(double score);
  /// Calls `save` to write further files, such as a vocabulary, to the run's folder, for resumed
  /// runs and evaluation; not called in a resumed run. Must be called before the first checkpoint,
  /// so that a run killed at any time can be resumed or, without a checkpoint, restarted. Throws
  /// ValueError if there is a checkpoint.
  void keep(const std::function<void(const std::string& folder)>& save);
  /// Call after each backward pass. The last of RunOptions::accumulation_steps calls completes a
  /// step: updates the parameters, the average and the schedule, clears the gradients, logs the
  /// loss, and saves a checkpoint if one is due. Throws GraphError if the loss or the gradient norm
  /// is NaN or infinite, if a parameter to be saved is, and if no parameter has a gradient; IoError
  /// if a file cannot be written or the folder was removed. The message says which checkpoint is
  /// left and how to resume.
  void step(const Tensor& loss);
  /// Loads the weights with the best score or, without evaluations, the averages (if any).
  void load_best();
  /// Writes model.safetensors and loss.svg and logs the result. With a command line, also prints
  /// the result as report() does.
  void finish(const std::string& metric, double value);

  int64_t steps_taken() const;
  /// Whether to take another step: false after the last step or once a score has reached stop_at().
  /// Saves a checkpoint before the first step. After Ctrl-C, saves a checkpoint and throws
  /// Interrupted.
  bool should_continue();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace detail

/// Trains for a number of steps. Writes a checkpoint, metrics.jsonl, TensorBoard events, loss.svg
/// and model.safetensors to the folder RunOptions::out, replacing those of an earlier run. Ctrl-C
/// saves a checkpoint; a resumed run continues bit-for-bit. The folder is locked during a run: a
/// second run in it throws IoError before changing anything.
///
///   train::Run run(params, opt, batches, {.out = "out/gpt", .steps = 2000});
///   run.evaluate_every_epoch("val_loss", [&] { return loss_of(val); }, train::Best::lowest);
///   for (const Batch& batch : run) {
///     Tensor loss = model.loss(batch);
///     loss.backward();
///     run.step(loss);
///   }
///   run.load_best();
///   run.finish("test_loss", loss_of(test));
///
/// With a command line:
///
///   train::Run run(params, opt, batches, cli.run_options(o, {.steps = 2000}));
///
/// Without a loader:
///
///   train::Run run(params, opt, {.out = "out/gpt", .steps = 2000});
///   while (run.should_continue()) { … }
template <class Batch = void>
class Run : public detail::RunBase {
 public:
  /// The arguments must outlive the run. Throws ValueError for options out of range, and IoError if
  /// the folder cannot be created or is in use.
  Run(const nn::Params& params, optim::Optimizer& optimizer, data::Loader<Batch>& loader,
      const RunOptions& options)
      : RunBase(params, optimizer,
                {[&loader] { return loader.position(); },
                 [&loader](const data::LoaderPosition& p) { loader.seek(p); }},
                options),
        loader_(loader) {}

  /// Iterates over the steps.
  class Iterator {
   public:
    explicit Iterator(Run* run) : run_(run) { advance(); }
    const Batch& operator*() const { return *batch_; }
    Iterator& operator++() {
      advance();
      return *this;
    }
    bool operator!=(std::nullptr_t) const { return batch_ != nullptr; }

   private:
    void advance() {
      batch_.reset();
      if (run_->should_continue()) batch_ = std::make_shared<Batch>(run_->loader_.next());
    }
    Run* run_;
    std::shared_ptr<Batch> batch_;
  };
  Iterator begin() { return Iterator(this); }
  std::nullptr_t end() const { return nullptr; }

 private:
  data::Loader<Batch>& loader_;
};

/// A run without a loader; see above.
template <>
class Run<void> : public detail::RunBase {
 public:
  /// Throws as the other Run.
  Run(const nn::Params& params, optim::Optimizer& optimizer, const RunOptions& options)
      : RunBase(params, optimizer, {}, options) {}
};
Run(const nn::Params&, optim::Optimizer&, const RunOptions&)->Run<void>;

}  // namespace tapehead::train

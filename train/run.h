// A training run: what every training program needs around its loop.
#pragma once

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

/// Which scores are better: the highest accuracy, the lowest loss.
enum class Best { highest, lowest };

namespace detail {

/// What Run needs of a loader, whatever its batches are; empty without a loader.
struct BatchSource {
  std::function<data::LoaderPosition()> position;
  std::function<void(const data::LoaderPosition&)> seek;
};

/// Everything in a run except the batches.
class RunBase {
 public:
  RunBase(const nn::Params& params, optim::Optimizer& optimizer, BatchSource source,
          const RunOptions& options);
  ~RunBase();

  /// Scores the model after every epoch, and logs the score. The weights with the best score so far
  /// are kept in best.safetensors. Scores of which the lowest is best are drawn in loss.svg. Throws
  /// ValueError without a loader, where there are no epochs.
  void evaluate_every_epoch(const std::string& metric, std::function<double()> score,
                            Best best = Best::highest);
  /// The same after every `steps` steps, and after the last. Throws ValueError for steps below 1.
  void evaluate_every(int64_t steps, const std::string& metric, std::function<double()> score,
                      Best best = Best::highest);
  /// Ends the run when a score is at least this good.
  void stop_at(double score);
  /// Calls `save` to write into the run's folder what a resumed run and an evaluation read there
  /// besides the checkpoint, such as a vocabulary; not in a run that is resumed, which has it. The
  /// first checkpoint comes after it, so a run that is killed at any time can be resumed or,
  /// without a checkpoint, starts anew. Throws ValueError once there is a checkpoint.
  void keep(const std::function<void(const std::string& folder)>& save);
  /// Ends a backward pass; the last of RunOptions::accumulation_steps ends the step: the optimizer,
  /// the average and the schedule step, gradients are cleared, the loss is logged, and a checkpoint
  /// is saved when it is due. Throws GraphError for a loss or norm of the gradients that is NaN or
  /// infinite, for such a parameter where it is saved, and when no parameter has a gradient;
  /// IoError when a file cannot be written, or the folder was removed. The message says whether
  /// there is a checkpoint left, and how to resume.
  void step(const Tensor& loss);
  /// Loads the weights with the best score, when there were scores; else the averages, if there
  /// are any.
  void load_best();
  /// Writes model.safetensors and loss.svg and logs the result; with a command line, it also prints
  /// it as the program's last line, as report() does.
  void finish(const std::string& metric, double value);

  int64_t steps_taken() const;
  /// Whether there is another step to take: not all are done, no score is as good as stop_at()
  /// says, and Ctrl-C was not pressed. Saves the first checkpoint before the first step. After
  /// Ctrl-C it saves a checkpoint and throws Interrupted.
  bool should_continue();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace detail

/// Trains for a number of steps. In the folder RunOptions::out it leaves a checkpoint,
/// metrics.jsonl, TensorBoard events, loss.svg and model.safetensors, in place of an earlier run's.
/// Ctrl-C saves and says how to resume; a resumed run goes on bit for bit. While a run lives the
/// folder is its own: another run there throws IoError before it has changed anything.
///
///   train::Run run(params, opt, batches, {.out = "out/gpt", .steps = 2000, .schedule =
///   &schedule}); run.evaluate_every_epoch("val_loss", [&] { return loss_of(val); },
///   train::Best::lowest); for (const Batch& batch : run) {
///     Tensor loss = model.loss(batch);
///     loss.backward();
///     run.step(loss);
///   }
///   run.load_best();
///   run.finish("test_loss", loss_of(test));
///
/// With a command line: `train::Run run(params, opt, batches, cli.run_options(o, {.steps =
/// 2000}))`. Without a loader: `train::Run run(params, opt, {.out = "out/gpt", .steps = 2000})` and
/// `while (run.should_continue()) { … }`.
template <class Batch = void>
class Run : public detail::RunBase {
 public:
  /// All must outlive the run. Throws ValueError for options outside their range.
  Run(const nn::Params& params, optim::Optimizer& optimizer, data::Loader<Batch>& loader,
      const RunOptions& options)
      : RunBase(params, optimizer,
                {[&loader] { return loader.position(); },
                 [&loader](const data::LoaderPosition& p) { loader.seek(p); }},
                options),
        loader_(loader) {}

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

template <>
class Run<void> : public detail::RunBase {
 public:
  Run(const nn::Params& params, optim::Optimizer& optimizer, const RunOptions& options)
      : RunBase(params, optimizer, {}, options) {}
};
Run(const nn::Params&, optim::Optimizer&, const RunOptions&)->Run<void>;

}  // namespace tapehead::train

// A training run: what is the same in every program.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "tapehead/data/loader.h"
#include "tapehead/nn/params.h"
#include "tapehead/optim/average.h"
#include "tapehead/optim/optimizer.h"
#include "tapehead/optim/schedule.h"
#include "tapehead/train/cli.h"

namespace tapehead::train {

/// Which scores are better: of an accuracy the highest, of a loss the lowest.
enum class Best { highest, lowest };

namespace detail {

/// What Run needs of a loader, whatever its batches are.
struct BatchSource {
  std::function<data::LoaderPosition()> position;
  std::function<void(const data::LoaderPosition&)> seek;
};

/// All of a run but the batches.
class RunBase {
 public:
  RunBase(const Cli& cli, const Options& options, const nn::Params& params,
          optim::Optimizer& optimizer, optim::Schedule& schedule, int64_t steps, BatchSource source,
          optim::WeightAverage* average);
  ~RunBase();

  /// Scores the model after every epoch, and logs it. The weights with the best score so far are
  /// kept in best.safetensors. Scores of which the lowest is best are drawn in loss.svg.
  void each_epoch(const std::string& metric, std::function<double()> score,
                  Best best = Best::highest);
  /// The same after every so many steps, and after the last. Throws ValueError for steps below 1.
  void each(int64_t steps, const std::string& metric, std::function<double()> score,
            Best best = Best::highest);
  /// The run is over when a score is this good: nothing later could be better.
  void ends_at(double score);
  /// Calls `save` to write into the run's folder what --resume and --eval read there beside the
  /// checkpoint, such as a vocabulary; a run that is resumed has it. The first checkpoint comes
  /// after it, so that a run that is killed at any time can go on or, without a checkpoint, starts
  /// anew. Throws ValueError once there is a checkpoint.
  void keep(const std::function<void(const std::string& folder)>& save);
  /// Ends a step: checks that the loss is finite, lets the optimizer and the schedule step, clears
  /// gradients, logs, and saves a checkpoint when it is time. Throws GraphError for a loss that is
  /// NaN or infinite, and for such a parameter where one is saved; IoError when a file cannot be
  /// written, or the folder was removed. The message says whether there is a checkpoint left, and
  /// how to go on.
  void step(const Tensor& loss);
  /// Loads the weights with the best score, when there were scores; else the averages, if there
  /// are any.
  void load_best();
  /// Writes model.safetensors and loss.svg and reports the result as the program's last line.
  void finish(const std::string& metric, double value);

  int64_t steps_taken() const;
  /// Whether there is another step to take: not all are done, no score is as good as ends_at says,
  /// and nobody pressed Ctrl-C. Saves the first checkpoint before the first step.
  bool goes_on();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace detail

/// Goes through the batches for a number of steps; in the program's folder `out` it leaves
/// a checkpoint, metrics.jsonl, TensorBoard events, loss.svg and model.safetensors, in place of an
/// earlier run's. Ctrl-C saves and says how to resume; with Options::resume it goes on, bit for
/// bit. An average of the weights is updated after each step, and it is what is scored
/// and kept. While a run lives the folder is its own: another one there throws IoError before it
/// has changed anything.
///
///   train::Run run(cli, o, params, opt, schedule, batches, steps);
///   run.keep([&](const std::string& folder) { vocab.save(folder + "/vocab.txt"); });
///   for (const Batch& batch : run) {
///     Tensor loss = model.loss(batch);
///     loss.backward();
///     run.step(loss);
///   }
///   run.finish("bleu", bleu);
template <class Batch>
class Run : public detail::RunBase {
 public:
  Run(const Cli& cli, const Options& options, const nn::Params& params, optim::Optimizer& optimizer,
      optim::Schedule& schedule, data::Loader<Batch>& loader, int64_t steps,
      optim::WeightAverage* average = nullptr)
      : RunBase(cli, options, params, optimizer, schedule, steps,
                {[&loader] { return loader.position(); },
                 [&loader](const data::LoaderPosition& p) { loader.seek(p); }},
                average),
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
      if (run_->goes_on()) batch_ = std::make_shared<Batch>(run_->loader_.next());
    }
    Run* run_;
    std::shared_ptr<Batch> batch_;
  };
  Iterator begin() { return Iterator(this); }
  std::nullptr_t end() const { return nullptr; }

 private:
  data::Loader<Batch>& loader_;
};

}  // namespace tapehead::train

#include "tapehead/train/run.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <optional>

#include "tapehead/autograd/anomaly.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/nan.h"
#include "tapehead/core/detail/system_error.h"
#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/train/append_file.h"
#include "tapehead/train/checkpoint.h"
#include "tapehead/train/detail/folder_lock.h"
#include "tapehead/train/detail/interrupt.h"
#include "tapehead/train/metrics_log.h"
#include "tapehead/train/plot.h"
#include "tapehead/train/progress.h"
#include "tapehead/train/tensorboard.h"

namespace tapehead::train::detail {
namespace {

constexpr const char* kModel = "model.safetensors";
constexpr const char* kBest = "best.safetensors";
constexpr const char* kConfig = "config.json";

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

struct RunBase::State {
  std::unique_ptr<const FolderLock> lock;
  const Cli& cli;
  Options options;
  nn::Params params;
  optim::Optimizer& optimizer;
  optim::Schedule& schedule;
  int64_t steps;
  BatchSource source;
  optim::WeightAverage* average;
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

  std::string file(const char* name) const { return options.out + "/" + name; }

  bool over() const {
    return run.step >= steps || (enough && run.has_best && !scoring.better(*enough, run.best));
  }

  /// What an error says last: what is left, and how it is used.
  std::string kept(const char* more = "", const char* does = "") const {
    if (!saved) return "there is no checkpoint yet";
    std::error_code ignored;
    if (!lock->in_place() || !std::filesystem::exists(file(kCheckpoint), ignored))
      return fmt::format("the checkpoint of step {} is gone from {}: start again", *saved,
                         options.out);
    return fmt::format("the checkpoint of step {} is kept: --resume {}--out {}{}", *saved, more,
                       options.out, does);
  }
  std::string kept_for_anomaly() const {
    return kept("--anomaly ", " names the first op that made a NaN");
  }

  void check_parameters() const {
    const NoGrad no_grad;
    for (const nn::Param& p : params.all())
      if (is_floating(p.value.dtype()) && all(isfinite(p.value)).item() == 0)
        throw GraphError(fmt::format(
            "run: '{}' is not finite after step {}; {}; lower the learning rate, or clip gradients",
            p.path, run.step, kept_for_anomaly()));
  }

  void save() {
    check_parameters();
    run.position = source.position();
    run.seconds += now() - started;
    started = now();
    save_checkpoint(file(kCheckpoint), params, optimizer, schedule, run, average);
    saved = run.step;
  }

  void score() {
    check_parameters();
    const auto epoch = source.position().epoch;
    std::optional<optim::WeightAverage::Swapped> averages;
    if (average) averages.emplace(*average);
    const std::string& metric = scoring.metric;
    const double value = scoring.score();
    log.write({{"step", run.step},
               {"epoch", epoch},
               {metric, value},
               {"seconds", run.seconds + now() - started}});
    board.scalar(metric, value, run.step);
    progress.note(
        fmt::format("epoch {}  step {}  {} {:.4g}", epoch, run.step, metric, core::shown(value)));
    if (scoring.better(value, run.has_best ? run.best : NAN)) {
      run.best = value;
      run.has_best = true;
      params.save(file(kBest));
    }
  }

  // Logs a step that was taken, and saves what is due after it.
  void record(double loss) {
    log.write({{"step", run.step}, {"loss", loss}, {"lr", optimizer.lr()}});
    board.scalar("loss", loss, run.step);
    losses.steps.push_back(static_cast<double>(run.step));
    losses.values.push_back(loss);
    progress.update(run.step, {{"loss", loss}});
    const bool epoch_ended = source.position().batch == 0;
    const auto due = [&](int64_t every) {  // each so many steps; 0: at the end of each epoch
      return over() || (every > 0 ? run.step % every == 0 : epoch_ended);
    };
    if (scoring.score && due(scoring.every)) score();
    if (due(options.checkpoint_every)) save();
  }

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

  // Whether the log ends with this result: a run that is over was resumed.
  bool has_logged(const std::string& name, double value) const {
    const Curve logged = read_curve(log.path(), name);
    return !logged.steps.empty() && logged.steps.back() == static_cast<double>(run.step) &&
           logged.values.back() == value;
  }

  void draw() const {
    if (losses.values.empty()) return;
    Plot plot{.title = cli.name(), .x_label = "step", .y_label = "loss"};
    const double window = std::max(1.0, static_cast<double>(losses.values.size()) / 100);
    plot.series.push_back(
        {.name = "train", .x = losses.steps, .y = losses.values, .smooth = 1 - 1 / window});
    if (scoring.score && scoring.best == Best::lowest) {
      const Curve scores = read_curve(log.path(), scoring.metric);
      plot.series.push_back({.name = scoring.metric,
                             .x = scores.steps,
                             .y = scores.values,
                             .mark = Mark::line_and_points});
    }
    plot.save(file("loss.svg"));
  }
};

namespace {

// An earlier run's results must not be taken for this one's, nor its checkpoint be resumed with
// this one's options. The checkpoint goes first: what it needs is there as long as it is.
void remove_earlier_run(const std::string& folder) {
  for (const char* name : {kCheckpoint, kModel, kBest}) {
    const std::string path = folder + "/" + name;
    std::error_code error;
    std::filesystem::remove(path, error);
    if (error)
      throw IoError(
          fmt::format("{}: cannot be removed: {}", path, core::system_error(error.value())));
  }
}

}  // namespace

RunBase::RunBase(const Cli& cli, const Options& o, const nn::Params& params,
                 optim::Optimizer& optimizer, optim::Schedule& schedule, int64_t steps,
                 BatchSource source, optim::WeightAverage* average) {
  make_folders(o.out, "run");
  auto lock = std::make_unique<const FolderLock>(o.out);
  remove_abandoned(o.out);
  RunState run;
  if (o.resume) {
    run = load_checkpoint(o.out + "/" + kCheckpoint, params, optimizer, schedule, average);
    source.seek(run.position);
  } else {
    remove_earlier_run(o.out);
  }
  const std::string log_path = o.out + "/metrics.jsonl";
  write_atomic(o.out + "/" + kConfig, cli.config());
  // NOLINTNEXTLINE(modernize-make-unique): it cannot be moved
  state_.reset(new State{
      .lock = std::move(lock),
      .cli = cli,
      .options = o,
      .params = params,
      .optimizer = optimizer,
      .schedule = schedule,
      .steps = steps,
      .source = std::move(source),
      .average = average,
      .run = run,
      .scoring = {},
      .enough = {},
      .log = o.resume ? MetricsLog::resume(log_path, run.step) : MetricsLog::create(log_path),
      .losses = read_curve(log_path, "loss"),
      .board = TensorBoard(o.out, o.resume ? std::optional<int64_t>(run.step + 1) : std::nullopt),
      .progress =
          Progress({.label = cli.name(), .total = steps, .start = run.step, .quiet = o.quiet}),
      .interrupt = CatchInterrupt(CatchInterrupt::Second::ends),
      .anomaly = {}});
  if (o.resume) state_->saved = run.step;
  if (o.anomaly) state_->anomaly.emplace();
}

RunBase::~RunBase() = default;

void RunBase::each_epoch(const std::string& metric, std::function<double()> score, Best best) {
  state_->scoring = {0, metric, std::move(score), best};
}

void RunBase::each(int64_t steps, const std::string& metric, std::function<double()> score,
                   Best best) {
  if (steps < 1) throw ValueError(fmt::format("run: a score each {} steps; take 1 or more", steps));
  state_->scoring = {steps, metric, std::move(score), best};
}

void RunBase::keep(const std::function<void(const std::string& folder)>& save) {
  State& s = *state_;
  if (s.options.resume) return;
  if (s.saved)
    throw ValueError(fmt::format(
        "run: keep() after the checkpoint of step {}; call it before the first step", *s.saved));
  s.writing([&] { save(s.options.out); });
}

void RunBase::ends_at(double score) { state_->enough = score; }

void RunBase::step(const Tensor& loss) {
  State& s = *state_;
  const double value = loss.item();
  if (!std::isfinite(value)) {
    const std::string before = s.losses.values.empty()
                                   ? "no step before was taken"
                                   : fmt::format("the last finite loss was {:.6g}, at step {}",
                                                 s.losses.values.back(), s.run.step);
    throw GraphError(fmt::format(
        "run: the loss is {} at step {}; {}; {}; lower the learning rate, or clip gradients",
        core::shown(value), s.run.step + 1, before, s.kept_for_anomaly()));
  }
  s.optimizer.step();
  if (s.average) s.average->update();
  s.schedule.step();
  s.optimizer.zero_grad();
  ++s.run.step;
  s.writing([&] { s.record(value); });
}

bool RunBase::goes_on() {
  State& s = *state_;
  if (!s.saved) s.writing([&] { s.save(); });
  if (s.over()) return false;
  if (CatchInterrupt::pressed()) {
    s.writing([&] {
      s.save();
      s.draw();
    });
    throw Interrupted(fmt::format("stopped at step {} of {}; go on with --resume --out {}",
                                  s.run.step, s.steps, s.options.out));
  }
  return true;
}

int64_t RunBase::steps_taken() const { return state_->run.step; }

void RunBase::load_best() {
  const State& s = *state_;
  if (s.run.has_best) s.params.load(s.file(kBest));
  else if (s.average) s.average->copy_to_model();
}

void RunBase::finish(const std::string& metric, double value) {
  State& s = *state_;
  s.writing([&] {
    s.params.save(s.file(kModel));
    s.draw();
    if (!s.has_logged(metric, value)) s.log.write({{"step", s.run.step}, {metric, value}});
  });
  s.progress.finish();
  report(s.cli, metric, value);
}

}  // namespace tapehead::train::detail

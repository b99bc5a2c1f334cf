#include "tapehead/train/run.h"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <filesystem>

#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/train/checkpoint.h"
#include "tapehead/train/metrics_log.h"
#include "tapehead/train/plot.h"
#include "tapehead/train/progress.h"
#include "tapehead/train/tensorboard.h"

namespace tapehead::train::detail {
namespace {

std::atomic<bool> interrupted{false};

// While a run lives, Ctrl-C asks it to stop; a second one ends the program.
class CatchInterrupt {
 public:
  CatchInterrupt() {
    interrupted = false;
    before_ = std::signal(SIGINT, [](int) {
      if (interrupted.exchange(true)) std::_Exit(130);
    });
  }
  ~CatchInterrupt() { std::signal(SIGINT, before_); }

 private:
  void (*before_)(int);
};

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

struct RunBase::State {
  const Cli& cli;
  Options options;
  nn::Params params;
  optim::Optimizer& optimizer;
  optim::Schedule& schedule;
  int64_t steps;
  BatchSource source;
  RunState run;
  std::string metric;
  std::function<double()> score;
  MetricsLog log;
  TensorBoard board;
  Progress progress;
  CatchInterrupt interrupt;
  double started = now();
  double last_finite = NAN;
  std::vector<double> x, losses;

  std::string file(const char* name) const { return options.out + "/" + name; }

  void save() {
    run.position = source.position();
    run.seconds += now() - started;
    started = now();
    save_checkpoint(file("checkpoint.safetensors"), params, optimizer, schedule, run);
  }

  void end_epoch() {
    const auto epoch = source.position().epoch;
    if (score) {
      const double value = score();
      log.write({{"step", run.step},
                 {"epoch", epoch},
                 {metric, value},
                 {"seconds", run.seconds + now() - started}});
      board.scalar(metric, value, run.step);
      progress.note(fmt::format("epoch {}  step {}  {} {:.4g}", epoch, run.step, metric, value));
      if (!run.has_best || value > run.best) {
        run.best = value;
        run.has_best = true;
        params.save(file("best.safetensors"));
      }
    }
    if (options.checkpoint_every == 0) save();
  }

  void draw() const {
    if (losses.empty()) return;
    Plot plot{.title = cli.name(), .x_label = "step", .y_label = "loss"};
    const double window = std::max(1.0, static_cast<double>(losses.size()) / 100);
    plot.series.push_back({.name = "train", .x = x, .y = losses, .smooth = 1 - 1 / window});
    plot.save(file("loss.svg"));
  }
};

namespace {

RunState resume_or_start(const Options& o, const nn::Params& params, optim::Optimizer& optimizer,
                         optim::Schedule& schedule, const BatchSource& source) {
  if (!o.resume) return {};
  RunState run = load_checkpoint(o.out + "/checkpoint.safetensors", params, optimizer, schedule);
  source.seek(run.position);
  return run;
}

}  // namespace

RunBase::RunBase(const Cli& cli, const Options& o, const nn::Params& params,
                 optim::Optimizer& optimizer, optim::Schedule& schedule, int64_t steps,
                 BatchSource source) {
  const RunState run = resume_or_start(o, params, optimizer, schedule, source);
  const std::string log_path = o.out + "/metrics.jsonl";
  write_atomic(o.out + "/config.json", cli.config());
  state_.reset(new State{
      .cli = cli,
      .options = o,
      .params = params,
      .optimizer = optimizer,
      .schedule = schedule,
      .steps = steps,
      .source = std::move(source),
      .run = run,
      .metric = {},
      .score = {},
      .log = o.resume ? MetricsLog::resume(log_path, run.step) : MetricsLog::create(log_path),
      .board = TensorBoard(o.out, o.resume ? std::optional<int64_t>(run.step + 1) : std::nullopt),
      .progress =
          Progress({.label = cli.name(), .total = steps, .start = run.step, .quiet = o.quiet}),
      .interrupt = {}});
}

RunBase::~RunBase() = default;

void RunBase::each_epoch(const std::string& metric, std::function<double()> score) {
  state_->metric = metric;
  state_->score = std::move(score);
}

void RunBase::step(const Tensor& loss) {
  State& s = *state_;
  const double value = loss.item();
  if (!std::isfinite(value))
    throw GraphError(fmt::format(
        "run: the loss is {} at step {}; the last finite loss was {:.6g}. The last checkpoint is "
        "kept; resume "
        "from it inside AnomalyMode to see which op made the first NaN, or lower the learning rate",
        value, s.run.step + 1, s.last_finite));
  s.last_finite = value;
  s.optimizer.step();
  s.schedule.step();
  s.optimizer.zero_grad();
  ++s.run.step;
  s.log.write({{"step", s.run.step}, {"loss", value}, {"lr", s.optimizer.lr()}});
  s.board.scalar("loss", value, s.run.step);
  s.x.push_back(static_cast<double>(s.run.step));
  s.losses.push_back(value);
  s.progress.update(s.run.step, {{"loss", value}});
  const bool last = s.run.step == s.steps;
  if (s.source.position().batch == 0 || last) s.end_epoch();
  else if (s.options.checkpoint_every > 0 && s.run.step % s.options.checkpoint_every == 0) s.save();
}

bool RunBase::goes_on() {
  State& s = *state_;
  if (interrupted && s.run.step < s.steps) {
    s.save();
    s.draw();
    throw Interrupted(fmt::format("stopped at step {} of {}; go on with --resume --out {}",
                                  s.run.step, s.steps, s.options.out));
  }
  return s.run.step < s.steps;
}

int64_t RunBase::steps_taken() const { return state_->run.step; }

void RunBase::load_best() {
  if (state_->run.has_best) state_->params.load(state_->file("best.safetensors"));
}

void RunBase::finish(const std::string& metric, double value) {
  State& s = *state_;
  s.params.save(s.file("model.safetensors"));
  s.draw();
  s.log.write({{"step", s.run.step}, {metric, value}});
  s.progress.finish();
  report(s.cli, metric, value);
}

}  // namespace tapehead::train::detail

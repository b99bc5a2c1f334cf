#include "tapehead/train/run.h"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>

#include "tapehead/core/detail/nan.h"
#include "tapehead/core/detail/system_error.h"
#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/train/append_file.h"
#include "tapehead/train/detail/run_impl.h"

namespace tapehead::train::detail {
namespace {

void remove_file(const std::string& path) {
  std::error_code error;
  std::filesystem::remove(path, error);
  if (error)
    throw IoError(
        fmt::format("{}: cannot be removed: {}", path, core::system_error(error.value())));
}

// Removes an earlier run's files, so that its results are not mistaken for this run's and its
// checkpoint is not resumed with this run's options. The checkpoint is removed first, since it
// needs the other files.
void remove_earlier_run(const std::string& folder) {
  for (const char* name : {kCheckpoint, kModel, kBest}) remove_file(folder + "/" + name);
}

void check(const RunOptions& o) {
  if (o.out.empty()) throw ValueError("run: out is empty; name the run's folder");
  for (const auto& [what, value] :
       {std::pair("steps", o.steps), std::pair("accumulation_steps", o.accumulation_steps)})
    if (value < 1) throw ValueError(fmt::format("run: {} = {}; it must be 1 or more", what, value));
  if (o.max_grad_norm && !(*o.max_grad_norm > 0))
    throw ValueError(fmt::format("run: max_grad_norm = {}; it must be above 0", *o.max_grad_norm));
}

}  // namespace

RunBase::RunBase(const nn::Params& params, optim::Optimizer& optimizer, BatchSource source,
                 const RunOptions& o) {
  check(o);
  make_folders(o.out, "run");
  auto lock = std::make_unique<const FolderLock>(o.out, o.cli ? "--out" : "folder");
  remove_abandoned(o.out);
  RunState run;
  if (o.resume) {
    const std::string path = o.out + "/" + kCheckpoint;
    run = o.schedule ? load_checkpoint(path, params, optimizer, *o.schedule, o.average)
                     : load_checkpoint(path, params, optimizer, o.average);
    if (source.seek) source.seek(run.position);
  } else {
    remove_earlier_run(o.out);
  }
  const std::string log_path = o.out + "/metrics.jsonl";
  if (o.cli) write_atomic(o.out + "/" + kConfig, o.cli->config());
  else if (!o.resume) remove_file(o.out + "/" + kConfig);
  const std::string label = o.cli ? o.cli->name() : o.name;
  // NOLINTNEXTLINE(modernize-make-unique): State cannot be moved
  state_.reset(new State{
      .lock = std::move(lock),
      .options = o,
      .label = label,
      .params = params,
      .optimizer = optimizer,
      .source = std::move(source),
      .run = run,
      .scoring = {},
      .enough = {},
      .log = o.resume ? MetricsLog::resume(log_path, run.step) : MetricsLog::create(log_path),
      .losses = read_curve(log_path, "loss"),
      .board = TensorBoard(o.out, o.resume ? std::optional<int64_t>(run.step + 1) : std::nullopt),
      .progress = Progress({.label = label, .total = o.steps, .start = run.step, .quiet = o.quiet}),
      .interrupt = CatchInterrupt(CatchInterrupt::Second::ends),
      .anomaly = {}});
  state_->epoch = state_->position().epoch;
  if (o.resume) state_->saved = run.step;
  if (o.anomaly) state_->anomaly.emplace();
}

RunBase::~RunBase() = default;

void RunBase::evaluate_every_epoch(const std::string& metric, std::function<double()> score,
                                   Best best) {
  if (!state_->source.position)
    throw ValueError(
        "run: evaluate_every_epoch() requires a loader; pass one, or call evaluate_every()");
  state_->scoring = {0, metric, std::move(score), best};
}

void RunBase::evaluate_every(int64_t steps, const std::string& metric,
                             std::function<double()> score, Best best) {
  if (steps < 1)
    throw ValueError(
        fmt::format("run: evaluate_every() with steps = {}; it must be 1 or more", steps));
  state_->scoring = {steps, metric, std::move(score), best};
}

void RunBase::keep(const std::function<void(const std::string& folder)>& save) {
  State& s = *state_;
  if (s.options.resume) return;
  if (s.saved)
    throw ValueError(fmt::format(
        "run: keep() was called after the checkpoint of step {}; call it before the first step",
        *s.saved));
  s.writing([&] { save(s.options.out); });
}

void RunBase::stop_at(double score) { state_->enough = score; }

void RunBase::step(const Tensor& loss) {
  State& s = *state_;
  const double value = loss.item();
  if (!std::isfinite(value)) {
    const std::string before = s.losses.values.empty()
                                   ? "no step was taken before"
                                   : fmt::format("the last finite loss was {:.6g}, at step {}",
                                                 s.losses.values.back(), s.run.step);
    throw GraphError(fmt::format(
        "run: the loss is {} at step {}; {}; {}; lower the learning rate, or clip gradients",
        core::shown(value), s.run.step + 1, before, s.kept_for_anomaly()));
  }
  s.sum_of_losses += value;
  if (++s.passes < s.options.accumulation_steps) return;
  const double loss_of_step = s.sum_of_losses / static_cast<double>(s.passes);
  s.passes = 0;
  s.sum_of_losses = 0;
  s.optimize();
  ++s.run.step;
  s.writing([&] { s.record(loss_of_step); });
}

bool RunBase::should_continue() {
  State& s = *state_;
  if (s.passes > 0) return true;  // an incomplete step is always completed
  if (!s.saved) s.writing([&] { s.save(); });
  if (s.over()) return false;
  if (CatchInterrupt::pressed()) {
    s.writing([&] {
      s.save();
      s.draw();
    });
    throw Interrupted(fmt::format("stopped at step {} of {}; continue with {}", s.run.step,
                                  s.options.steps, s.resuming()));
  }
  return true;
}

int64_t RunBase::steps_taken() const { return state_->run.step; }

void RunBase::load_best() {
  const State& s = *state_;
  if (s.run.has_best) s.params.load(s.file(kBest));
  else if (s.options.average) s.options.average->copy_to_model();
}

void RunBase::finish(const std::string& metric, double value) {
  State& s = *state_;
  s.writing([&] {
    s.params.save(s.file(kModel));
    s.draw();
    if (!s.has_logged(metric, value)) s.log.write({{"step", s.run.step}, {metric, value}});
  });
  s.progress.finish();
  if (s.options.cli) report(*s.options.cli, metric, value);
}

}  // namespace tapehead::train::detail

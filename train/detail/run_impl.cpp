#include "tapehead/train/detail/run_impl.h"

#include <fmt/format.h>

#include <chrono>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/nan.h"
#include "tapehead/optim/clip.h"
#include "tapehead/train/plot.h"

namespace tapehead::train::detail {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string RunBase::State::resuming(bool with_anomaly) const {
  return options.cli
             ? fmt::format("--resume {}--out {}", with_anomaly ? "--anomaly " : "", options.out)
             : fmt::format("resume = true, {}out = {}", with_anomaly ? "anomaly = true, " : "",
                           options.out);
}

std::string RunBase::State::kept(bool with_anomaly) const {
  if (!saved) return "there is no checkpoint yet";
  if (!lock->in_place() || !path_exists(file(kCheckpoint)))
    return fmt::format("the checkpoint of step {} is gone from {}: start again", *saved,
                       options.out);
  return fmt::format("the checkpoint of step {} is kept: {}{}", *saved, resuming(with_anomaly),
                     with_anomaly ? " names the first op that made a NaN" : "");
}

void RunBase::State::check_parameters() const {
  const NoGradGuard no_grad;
  for (const nn::Param& p : params.all())
    if (is_floating(p.value.dtype()) && all(isfinite(p.value)).item() == 0)
      throw GraphError(fmt::format(
          "run: '{}' is not finite after step {}; {}; lower the learning rate, or clip gradients",
          p.path, run.step, kept_for_anomaly()));
}

void RunBase::State::save() {
  check_parameters();
  run.position = position();
  run.seconds += now() - started;
  started = now();
  const auto& [schedule, average] = std::pair(options.schedule, options.average);
  if (schedule) save_checkpoint(file(kCheckpoint), params, optimizer, *schedule, run, average);
  else save_checkpoint(file(kCheckpoint), params, optimizer, run, average);
  saved = run.step;
}

void RunBase::State::score() {
  check_parameters();
  std::optional<optim::WeightAverage::Swapped> averages;
  if (options.average) averages.emplace(*options.average);
  const std::string& metric = scoring.metric;
  const double value = scoring.score();
  log.write({{"step", run.step},
             {"epoch", epoch},
             {metric, value},
             {"seconds", run.seconds + now() - started}});
  board.scalar(metric, value, run.step);
  progress.note(
      fmt::format("epoch {}  step {}  {} {:.4g}", epoch, run.step, metric, core::shown(value)));
  // Of equal scores, which a small validation set often has, the weights with more training.
  if (!std::isnan(value) && !(run.has_best && scoring.better(run.best, value))) {
    run.best = value;
    run.has_best = true;
    params.save(file(kBest));
  }
}

void RunBase::State::optimize() {
  double scale = 1 / static_cast<double>(options.accumulation_steps);
  if (options.max_grad_norm) {
    const double norm = optim::grad_norm(params) * scale;
    if (!std::isfinite(norm))
      throw GraphError(fmt::format(
          "run: the norm of the gradients is {} at step {}; {}; lower the learning rate",
          core::shown(norm), run.step + 1, kept_for_anomaly()));
    scale *= optim::clip_factor(norm, *options.max_grad_norm);
  }
  const AutocastMode off(bf16, false);  // the optimizer's products are those of its type
  const int64_t before = optimizer.steps();
  optimizer.step({.grad_scale = scale});
  if (optimizer.steps() == before)
    throw GraphError("run: no parameter has a gradient; call backward() on the loss before step()");
  if (options.average) options.average->update();
  if (options.schedule) options.schedule->step();
  optimizer.zero_grad();
}

void RunBase::State::record(double loss) {
  log.write({{"step", run.step}, {"loss", loss}, {"lr", optimizer.lr()}});
  board.scalar("loss", loss, run.step);
  losses.steps.push_back(static_cast<double>(run.step));
  losses.values.push_back(loss);
  progress.update(run.step, {{"loss", loss}});
  const bool epoch_ended = epoch != position().epoch;
  epoch = position().epoch;
  const auto due = [&](int64_t every) {  // after this many steps; 0: at the end of each epoch
    return over() || (every > 0 ? run.step % every == 0 : epoch_ended);
  };
  if (scoring.score && due(scoring.every)) score();
  if (due(options.checkpoint_every)) save();
}

bool RunBase::State::has_logged(const std::string& metric, double value) const {
  const Curve logged = read_curve(log.path(), metric);
  return !logged.steps.empty() && logged.steps.back() == static_cast<double>(run.step) &&
         logged.values.back() == value;
}

void RunBase::State::draw() const {
  if (losses.values.empty()) return;
  Plot plot{.title = label, .x_label = "step", .y_label = "loss"};
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

}  // namespace tapehead::train::detail

#include "tapehead/optim/lr_scheduler.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "tapehead/core/error.h"
#include "tapehead/optim/detail/check.h"
#include "tapehead/optim/state_reader.h"

namespace tapehead::optim {

LRScheduler::LRScheduler(Optimizer& optimizer, LRCurve curve, LRCurve momentum)
    : optimizer_(optimizer), curve_(std::move(curve)), momentum_(std::move(momentum)) {
  if (!curve_) throw ValueError("LRScheduler: the curve is empty; give a function of the step");
  if (momentum_) {
    const auto has = [&](const char* name) {
      const detail::OptionValues& values = optimizer.groups()[0].values;
      return std::any_of(values.begin(), values.end(),
                         [&](const detail::OptionValue& value) { return value.name == name; });
    };
    if (!has("betas") && !has("momentum"))
      throw ValueError(
          fmt::format("LRScheduler: {} has neither betas nor momentum; pass cycle_momentum = false",
                      optimizer.name()));
    momentum_option_ = has("betas") ? "betas" : "momentum";
  }
  restore(0, 1);
}

double LRScheduler::lr_at(int64_t n) const {
  detail::check_option(n >= 0, "lr_at", "n", static_cast<double>(n), "0 or more");
  return optimizer_.base_lr() * curve_(n);
}

void LRScheduler::restore(int64_t steps, double scale) {
  optimizer_.set_lr(lr_at(steps) * scale);
  if (momentum_)
    for (size_t group = 0; group < optimizer_.groups().size(); ++group)
      optimizer_.set_option(group, momentum_option_, momentum_(steps));
  steps_ = steps;
  scale_ = scale;
}

void LRScheduler::step() { restore(steps_ + 1, scale_); }
void LRScheduler::set_scale(double scale) { restore(steps_, scale); }

StateDict LRScheduler::save() const {
  return {.numbers = {{"steps", static_cast<double>(steps_)}}};
}

void LRScheduler::load(const StateDict& state) {
  StateReader reader("LRScheduler", state);
  const int64_t steps = reader.count("steps");
  reader.finish();
  restore(steps, scale_);
}

ReduceLROnPlateau::ReduceLROnPlateau(Optimizer& optimizer, const ReduceLROnPlateauOptions& options,
                                     LRCurve curve)
    : LRScheduler(optimizer, std::move(curve)), options_(options) {
  const char* owner = "ReduceLROnPlateau";
  const auto count = [&](const char* what, int64_t n) {
    detail::check_option(n >= 0, owner, what, static_cast<double>(n), "0 or more");
  };
  detail::check_option(options.factor >= 0 && options.factor < 1, owner, "factor", options.factor,
                       "at least 0 and below 1");
  detail::check_option(options.threshold >= 0 && std::isfinite(options.threshold), owner,
                       "threshold", options.threshold, "0 or more");
  detail::check_option(options.min_factor >= 0 && options.min_factor <= 1, owner, "min_factor",
                       options.min_factor, "within 0 … 1");
  detail::check_option(options.eps >= 0 && std::isfinite(options.eps), owner, "eps", options.eps,
                       "0 or more");
  count("patience", options.patience);
  count("cooldown", options.cooldown);
}

bool ReduceLROnPlateau::is_better(double metric) const {
  if (!std::isfinite(metric)) return false;
  if (!observed_) return true;
  const double gain = options_.maximize ? metric - best_ : best_ - metric;
  const bool relative = options_.threshold_mode == ThresholdMode::rel;
  return gain > options_.threshold * (relative ? std::abs(best_) : 1);
}

bool ReduceLROnPlateau::step(double metric) {
  if (is_better(metric)) {
    observed_ = true;
    best_ = metric;
    bad_ = 0;
  } else {
    ++bad_;
  }
  if (cooldown_ > 0) {
    --cooldown_;
    bad_ = 0;
  }
  if (bad_ <= options_.patience) return false;
  cooldown_ = options_.cooldown;
  bad_ = 0;
  const double reduced = std::max(scale() * options_.factor, options_.min_factor);
  if (lr_at(steps()) * (scale() - reduced) <= options_.eps) return false;
  set_scale(reduced);
  return true;
}

StateDict ReduceLROnPlateau::save() const {
  return {.numbers = {{"steps", static_cast<double>(steps())},
                      {"scale", scale()},
                      {"observed", static_cast<double>(observed_)},
                      {"best", best_},
                      {"bad", static_cast<double>(bad_)},
                      {"cooldown", static_cast<double>(cooldown_)}}};
}

void ReduceLROnPlateau::load(const StateDict& state) {
  StateReader reader("ReduceLROnPlateau", state);
  const int64_t steps = reader.count("steps"), bad = reader.count("bad"),
                cooldown = reader.count("cooldown");
  const double scale = reader.number("scale"), best = reader.number("best");
  const bool observed = reader.number("observed") != 0;
  reader.finish();
  restore(steps, scale);
  observed_ = observed;
  best_ = best;
  bad_ = bad;
  cooldown_ = cooldown;
}

}  // namespace tapehead::optim

#include "tapehead/optim/schedule.h"

#include <algorithm>
#include <cmath>

#include "tapehead/core/error.h"
#include "tapehead/optim/detail/check.h"
#include "tapehead/optim/state_reader.h"

namespace tapehead::optim {

Schedule::Schedule(Optimizer& optimizer, Curve curve)
    : optimizer_(optimizer), curve_(std::move(curve)) {
  if (!curve_) throw ValueError("Schedule: the curve is empty; give a function of the step");
  restore(0, 1);
}

double Schedule::lr_at(int64_t n) const {
  detail::check_option(n >= 0, "lr_at", "n", static_cast<double>(n), "0 or more");
  return optimizer_.base_lr() * curve_(n);
}

void Schedule::restore(int64_t steps, double scale) {
  optimizer_.set_lr(lr_at(steps) * scale);
  steps_ = steps;
  scale_ = scale;
}

void Schedule::step() { restore(steps_ + 1, scale_); }
void Schedule::set_scale(double scale) { restore(steps_, scale); }

StateDict Schedule::save() const { return {.numbers = {{"steps", static_cast<double>(steps_)}}}; }

void Schedule::load(const StateDict& state) {
  StateReader reader("Schedule", state);
  const int64_t steps = reader.count("steps");
  reader.finish();
  restore(steps, scale_);
}

ReduceOnPlateau::ReduceOnPlateau(Optimizer& optimizer, const PlateauOptions& options, Curve curve)
    : Schedule(optimizer, std::move(curve)), options_(options) {
  const char* owner = "ReduceOnPlateau";
  const auto count = [&](const char* what, int64_t n) {
    detail::check_option(n >= 0, owner, what, static_cast<double>(n), "0 or more");
  };
  detail::check_option(options.factor >= 0 && options.factor < 1, owner, "factor", options.factor,
                       "at least 0 and below 1");
  detail::check_option(options.threshold >= 0 && std::isfinite(options.threshold), owner,
                       "threshold", options.threshold, "0 or more");
  detail::check_option(options.floor >= 0 && options.floor <= 1, owner, "floor", options.floor,
                       "within 0 … 1");
  count("patience", options.patience);
  count("cooldown", options.cooldown);
}

bool ReduceOnPlateau::is_better(double metric) const {
  if (!std::isfinite(metric)) return false;
  if (!observed_) return true;
  const double gain = options_.maximize ? metric - best_ : best_ - metric;
  return gain > options_.threshold * std::abs(best_);
}

bool ReduceOnPlateau::observe(double metric) {
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
  const double before = scale();
  set_scale(std::max(before * options_.factor, options_.floor));
  return scale() < before;
}

StateDict ReduceOnPlateau::save() const {
  return {.numbers = {{"steps", static_cast<double>(steps())},
                      {"scale", scale()},
                      {"observed", static_cast<double>(observed_)},
                      {"best", best_},
                      {"bad", static_cast<double>(bad_)},
                      {"cooldown", static_cast<double>(cooldown_)}}};
}

void ReduceOnPlateau::load(const StateDict& state) {
  StateReader reader("ReduceOnPlateau", state);
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

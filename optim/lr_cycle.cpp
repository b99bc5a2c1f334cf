#include "tapehead/optim/lr_cycle.h"

#include <algorithm>
#include <cmath>

#include "tapehead/optim/detail/anneal.h"
#include "tapehead/optim/detail/check.h"

namespace tapehead::optim {
namespace {

void check_above_zero(const char* owner, const char* what, double value) {
  detail::check_option(value > 0 && std::isfinite(value), owner, what, value, "above 0");
}
void check_momentum(const char* owner, const char* what, double value) {
  detail::check_option(value >= 0 && value < 1, owner, what, value, "at least 0 and below 1");
}

}  // namespace

// The value after n steps of what goes from start to peak to end.
double OneCycleCurve::at(int64_t n, double start, double peak, double end) const {
  const double step = static_cast<double>(n), last = static_cast<double>(total_steps) - 1;
  const double rise = pct_start * static_cast<double>(total_steps) - 1;  // the last warmup step
  const auto phase = [&](double a, double b, double from, double to) {
    const double progress = to > from ? std::min((step - from) / (to - from), 1.0) : 1;
    return detail::anneal(anneal_strategy, a, b, progress);
  };
  if (step <= rise) return phase(start, peak, 0, rise);
  if (!three_phase) return phase(peak, end, rise, last);
  return step <= 2 * rise ? phase(peak, start, rise, 2 * rise) : phase(start, end, 2 * rise, last);
}

double OneCycleCurve::operator()(int64_t n) const {
  const char* owner = "OneCycleLR";
  check_above_zero(owner, "total_steps", static_cast<double>(total_steps));
  detail::check_option(pct_start >= 0 && pct_start <= 1, owner, "pct_start", pct_start,
                       "within 0 … 1");
  check_momentum(owner, "base_momentum", base_momentum);
  check_momentum(owner, "max_momentum", max_momentum);
  check_above_zero(owner, "div_factor", div_factor);
  check_above_zero(owner, "final_div_factor", final_div_factor);
  return at(n, 1 / div_factor, 1, 1 / div_factor / final_div_factor);
}

LRCurve OneCycleCurve::momentum_curve() const {
  if (!cycle_momentum) return {};
  return
      [o = *this](int64_t n) { return o.at(n, o.max_momentum, o.base_momentum, o.max_momentum); };
}

// The height after n steps: 0 at the ends of a cycle, and 1, scaled, at its top.
double CyclicCurve::height(int64_t n) const {
  const auto up = static_cast<double>(step_size_up);
  const double down = step_size_down == 0 ? up : static_cast<double>(step_size_down);
  const double cycle = std::floor(1 + static_cast<double>(n) / (up + down));
  const double place = static_cast<double>(n) - (cycle - 1) * (up + down);
  const double plain = place <= up ? place / up : (up + down - place) / down;
  if (scale_fn) return plain * scale_fn(scale_mode == ScaleMode::cycle ? int64_t(cycle) : n);
  if (mode == CyclicMode::triangular2) return plain * std::exp2(1 - cycle);
  return mode == CyclicMode::exp_range ? plain * std::pow(gamma, n) : plain;
}

double CyclicCurve::operator()(int64_t n) const {
  const char* owner = "CyclicLR";
  check_above_zero(owner, "max_factor", max_factor);
  check_above_zero(owner, "step_size_up", static_cast<double>(step_size_up));
  detail::check_option(step_size_down >= 0, owner, "step_size_down",
                       static_cast<double>(step_size_down), "0 or more");
  check_above_zero(owner, "gamma", gamma);
  check_momentum(owner, "base_momentum", base_momentum);
  check_momentum(owner, "max_momentum", max_momentum);
  return 1 + (max_factor - 1) * height(n);
}

LRCurve CyclicCurve::momentum_curve() const {
  if (!cycle_momentum) return {};
  return [o = *this](int64_t n) {
    return o.max_momentum - (o.max_momentum - o.base_momentum) * o.height(n);
  };
}

}  // namespace tapehead::optim

#include "tapehead/optim/curve.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "tapehead/core/error.h"
#include "tapehead/optim/detail/check.h"

namespace tapehead::optim::curve {
namespace {

void check_count(const char* owner, const char* what, int64_t count) {
  detail::check_option(count > 0, owner, what, static_cast<double>(count), "above 0");
}
void check_factor(const char* owner, const char* what, double factor) {
  detail::check_option(factor >= 0 && std::isfinite(factor), owner, what, factor, "0 or more");
}

// How much of `steps` lies behind, at most 1.
double progress(int64_t n, int64_t steps) {
  return n < steps ? static_cast<double>(n) / static_cast<double>(steps) : 1;
}

double rise(int64_t n, int64_t steps) { return progress(n + 1, steps); }
double half_wave(double progress, double floor) {
  return floor + (1 - floor) * 0.5 * (1 + std::cos(std::numbers::pi * progress));
}

void check_warmup(const char* owner, int64_t warmup, int64_t steps, double floor) {
  check_count(owner, "steps", steps);
  if (warmup < 0 || warmup >= steps)
    throw ValueError(
        fmt::format("{}: warmup = {} of steps = {}; it must be 0 or more and below steps", owner,
                    warmup, steps));
  check_factor(owner, "floor", floor);
}

}  // namespace

double Constant::operator()(int64_t) const {
  check_factor("Constant", "factor", factor);
  return factor;
}

double StepDecay::operator()(int64_t n) const {
  check_count("StepDecay", "every", every);
  check_factor("StepDecay", "gamma", gamma);
  return std::pow(gamma, n / every);
}

double MultiStep::operator()(int64_t n) const {
  check_factor("MultiStep", "gamma", gamma);
  int64_t passed = 0;
  for (size_t i = 0; i < at.size(); ++i) {
    if (i > 0 && at[i] <= at[i - 1])
      throw ValueError(fmt::format("MultiStep: at[{}] = {} follows {}; the steps must rise", i,
                                   at[i], at[i - 1]));
    passed += n >= at[i];
  }
  return std::pow(gamma, passed);
}

double Exponential::operator()(int64_t n) const {
  detail::check_option(gamma > 0 && std::isfinite(gamma), "Exponential", "gamma", gamma, "above 0");
  return std::pow(gamma, n);
}

double Linear::operator()(int64_t n) const {
  check_count("Linear", "steps", steps);
  check_factor("Linear", "from", from);
  check_factor("Linear", "to", to);
  const double p = progress(n, steps);
  return (1 - p) * from + p * to;
}

double Cosine::operator()(int64_t n) const {
  check_count("Cosine", "steps", steps);
  check_factor("Cosine", "floor", floor);
  return half_wave(progress(n, steps), floor);
}

double Warmup::operator()(int64_t n) const {
  check_count("Warmup", "steps", steps);
  return rise(n, steps);
}

double WarmupCosine::operator()(int64_t n) const {
  check_warmup("WarmupCosine", warmup, steps, floor);
  return n < warmup ? rise(n, warmup) : half_wave(progress(n - warmup, steps - warmup), floor);
}

double WarmupLinear::operator()(int64_t n) const {
  check_warmup("WarmupLinear", warmup, steps, floor);
  return n < warmup ? rise(n, warmup) : 1 - (1 - floor) * progress(n - warmup, steps - warmup);
}

double InverseSqrt::operator()(int64_t n) const {
  check_count("InverseSqrt", "warmup", warmup);
  return n < warmup ? rise(n, warmup)
                    : std::sqrt(static_cast<double>(warmup) / static_cast<double>(n + 1));
}

double Sequential::operator()(int64_t n) const {
  if (phases.empty()) throw ValueError("Sequential: there are no phases; give at least one");
  for (size_t i = 0; i < phases.size(); ++i) {
    const auto& [steps, curve] = phases[i];
    if (!curve)
      throw ValueError(fmt::format("Sequential: phases[{}] has no curve; give each phase one", i));
    const bool last = i + 1 == phases.size();
    if (!last) check_count("Sequential", fmt::format("phases[{}].steps", i).c_str(), steps);
    if (n == 0) curve(0);  // so that bad options are told before the run, not in the midst of it
  }
  size_t i = 0;
  for (; i + 1 < phases.size() && n >= phases[i].steps; ++i) n -= phases[i].steps;
  return phases[i].curve(n);
}

double Chained::operator()(int64_t n) const {
  double factor = 1;
  for (size_t i = 0; i < curves.size(); ++i) {
    if (!curves[i])
      throw ValueError(fmt::format("Chained: curves[{}] is empty; give a function", i));
    factor *= curves[i](n);
  }
  return factor;
}

}  // namespace tapehead::optim::curve

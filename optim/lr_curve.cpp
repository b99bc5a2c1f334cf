#include "tapehead/optim/lr_curve.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "tapehead/core/error.h"
#include "tapehead/optim/detail/anneal.h"
#include "tapehead/optim/detail/check.h"

namespace tapehead::optim {
namespace {

void check_count(const char* owner, const char* what, int64_t count) {
  detail::check_option(count > 0, owner, what, static_cast<double>(count), "above 0");
}
void check_factor(const char* owner, const char* what, double factor) {
  detail::check_option(factor >= 0 && std::isfinite(factor), owner, what, factor, "0 or more");
}
void check_milestones(const char* owner, const std::vector<int64_t>& milestones) {
  for (size_t i = 1; i < milestones.size(); ++i)
    if (milestones[i] <= milestones[i - 1])
      throw ValueError(fmt::format("{}: milestones[{}] = {} follows {}; they must increase", owner,
                                   i, milestones[i], milestones[i - 1]));
}
void check_curves(const char* owner, const std::vector<LRCurve>& curves) {
  if (curves.empty())
    throw ValueError(fmt::format("{}: curves is empty; give at least one", owner));
  for (size_t i = 0; i < curves.size(); ++i)
    if (!curves[i])
      throw ValueError(fmt::format("{}: curves[{}] is empty; give a function", owner, i));
}
void check_warmup(const char* owner, int64_t warmup_steps, int64_t total_steps, double min_factor) {
  check_count(owner, "total_steps", total_steps);
  if (warmup_steps < 0 || warmup_steps >= total_steps)
    throw ValueError(fmt::format(
        "{}: warmup_steps = {} of total_steps = {}; it must be 0 or more and below total_steps",
        owner, warmup_steps, total_steps));
  check_factor(owner, "min_factor", min_factor);
}

// The fraction of `steps` completed, at most 1.
double progress(int64_t n, int64_t steps) {
  return n < steps ? static_cast<double>(n) / static_cast<double>(steps) : 1;
}

double warmup(int64_t n, int64_t steps) { return progress(n + 1, steps); }

}  // namespace

double ConstantCurve::operator()(int64_t n) const {
  check_factor("ConstantLR", "factor", factor);
  check_count("ConstantLR", "total_iters", total_iters);
  return n < total_iters ? factor : 1;
}

double StepCurve::operator()(int64_t n) const {
  check_count("StepLR", "step_size", step_size);
  check_factor("StepLR", "gamma", gamma);
  return std::pow(gamma, n / step_size);
}

double MultiStepCurve::operator()(int64_t n) const {
  check_factor("MultiStepLR", "gamma", gamma);
  check_milestones("MultiStepLR", milestones);
  int64_t passed = 0;
  for (const int64_t milestone : milestones) passed += n >= milestone;
  return std::pow(gamma, passed);
}

double ExponentialCurve::operator()(int64_t n) const {
  detail::check_option(gamma > 0 && std::isfinite(gamma), "ExponentialLR", "gamma", gamma,
                       "above 0");
  return std::pow(gamma, n);
}

double LinearCurve::operator()(int64_t n) const {
  check_factor("LinearLR", "start_factor", start_factor);
  check_factor("LinearLR", "end_factor", end_factor);
  check_count("LinearLR", "total_iters", total_iters);
  return detail::linear(start_factor, end_factor, progress(n, total_iters));
}

double PolynomialCurve::operator()(int64_t n) const {
  check_count("PolynomialLR", "total_iters", total_iters);
  detail::check_option(power > 0 && std::isfinite(power), "PolynomialLR", "power", power,
                       "above 0");
  return std::pow(1 - progress(n, total_iters), power);
}

double CosineAnnealingCurve::operator()(int64_t n) const {
  check_count("CosineAnnealingLR", "t_max", t_max);
  check_factor("CosineAnnealingLR", "min_factor", min_factor);
  return detail::cosine(1, min_factor, static_cast<double>(n) / static_cast<double>(t_max));
}

double CosineAnnealingWarmRestartsCurve::operator()(int64_t n) const {
  const char* owner = "CosineAnnealingWarmRestarts";
  check_count(owner, "t_0", t_0);
  check_count(owner, "t_mult", t_mult);
  check_factor(owner, "min_factor", min_factor);
  double period = static_cast<double>(t_0), step = static_cast<double>(n);
  if (t_mult == 1) step = std::fmod(step, period);
  for (; step >= period; period *= static_cast<double>(t_mult)) step -= period;
  return detail::cosine(1, min_factor, step / period);
}

double SWACurve::operator()(int64_t n) const {
  detail::check_option(swa_factor > 0 && std::isfinite(swa_factor), "SWALR", "swa_factor",
                       swa_factor, "above 0");
  detail::check_option(anneal_epochs >= 0, "SWALR", "anneal_epochs",
                       static_cast<double>(anneal_epochs), "0 or more");
  check_factor("SWALR", "start_factor", start_factor);
  return detail::anneal(anneal_strategy, start_factor, swa_factor, progress(n, anneal_epochs));
}

double WarmupCurve::operator()(int64_t n) const {
  check_count("WarmupLR", "warmup_steps", warmup_steps);
  return warmup(n, warmup_steps);
}

double WarmupCosineCurve::operator()(int64_t n) const {
  check_warmup("WarmupCosineLR", warmup_steps, total_steps, min_factor);
  if (n < warmup_steps) return warmup(n, warmup_steps);
  return detail::cosine(1, min_factor, progress(n - warmup_steps, total_steps - warmup_steps));
}

double WarmupLinearCurve::operator()(int64_t n) const {
  check_warmup("WarmupLinearLR", warmup_steps, total_steps, min_factor);
  if (n < warmup_steps) return warmup(n, warmup_steps);
  return detail::linear(1, min_factor, progress(n - warmup_steps, total_steps - warmup_steps));
}

double InverseSqrtCurve::operator()(int64_t n) const {
  check_count("InverseSqrtLR", "warmup_steps", warmup_steps);
  if (n < warmup_steps) return warmup(n, warmup_steps);
  return std::sqrt(static_cast<double>(warmup_steps) / static_cast<double>(n + 1));
}

double SequentialCurve::operator()(int64_t n) const {
  const char* owner = "SequentialLR";
  check_curves(owner, curves);
  if (milestones.size() + 1 != curves.size())
    throw ValueError(fmt::format("{}: {} milestones for {} curves; give one less than curves",
                                 owner, milestones.size(), curves.size()));
  if (!milestones.empty()) check_count(owner, "milestones[0]", milestones[0]);
  check_milestones(owner, milestones);
  if (n == 0)  // report bad options of later curves at the start of the run
    for (const LRCurve& curve : curves) curve(0);
  size_t i = 0;
  while (i < milestones.size() && n >= milestones[i]) ++i;
  return curves[i](i == 0 ? n : n - milestones[i - 1]);
}

double ChainedCurve::operator()(int64_t n) const {
  check_curves("ChainedScheduler", curves);
  double factor = 1;
  for (const LRCurve& curve : curves) factor *= curve(n);
  return factor;
}

LRCurve multiplicative_curve(LRCurve lr_lambda) {
  if (!lr_lambda) throw ValueError("MultiplicativeLR: lr_lambda is empty; give a function");
  // Keeps the last product, since a schedule asks for one n after the other.
  return [f = std::move(lr_lambda), done = int64_t{0}, product = 1.0](int64_t n) mutable {
    if (n < done) {
      done = 0;
      product = 1;
    }
    while (done < n) product *= f(++done);
    return product;
  };
}

}  // namespace tapehead::optim

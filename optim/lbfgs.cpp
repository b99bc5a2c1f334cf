#include "tapehead/optim/lbfgs.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/optim/detail/strong_wolfe.h"

namespace tapehead::optim {
namespace {

using detail::LinePoint;

constexpr double kLeastCurvature = 1e-10;  // y s of a pair that is kept

double scalar_product(const Tensor& a, const Tensor& b) { return sum(a * b).item(); }
double largest(const Tensor& x) { return x.numel() == 0 ? 0 : max(abs(x)).item(); }

// The parameters of a step as one vector.
class Variables {
 public:
  Variables(std::span<Parameter> parameters, const LBFGS::Closure& closure)
      : parameters_(parameters), closure_(closure) {
    for (const Parameter& p : parameters)
      if (p.value.dtype() == f64) type_ = f64;
  }

  /// Concatenates what f returns for each parameter, along the last axis.
  template <class F>
  Tensor gather(F f) const {
    std::vector<Tensor> parts;
    for (Parameter& p : parameters_) parts.push_back(f(p).to(type_));
    return cat(parts, -1);
  }
  /// Calls f with each parameter and its part of x's last axis.
  template <class F>
  void scatter(const Tensor& x, F f) const {
    int64_t begin = 0;
    for (Parameter& p : parameters_) {
      const int64_t end = begin + p.value.numel();
      f(p, x.slice(-1, begin, end).to(p.value.dtype()));
      begin = end;
    }
  }

  Tensor values() const {
    return gather([](Parameter& p) { return p.value.clone().reshape({-1}); });
  }
  Tensor gradient() const {
    return gather([](Parameter& p) { return p.grad.reshape({-1}); });
  }
  void set(const Tensor& x) const {
    scatter(x, [](Parameter& p, const Tensor& part) {
      p.value.copy_(part.reshape(p.value.shape()));
      p.write_value();
    });
  }
  /// The loss at x; afterwards gradient() is the gradient there.
  double evaluate(const Tensor& x) const {
    set(x);
    const AutoGradMode on(true);
    const double loss = closure_().item();
    for (Parameter& p : parameters_) p.read_grad();
    return loss;
  }

 private:
  std::span<Parameter> parameters_;
  const LBFGS::Closure& closure_;
  DType type_ = f32;
};

// The changes of the gradient and of the parameters in past iterations.
class History {
 public:
  History(const Variables& variables, std::span<Parameter> parameters, int64_t steps, size_t size)
      : size_(size) {
    const auto is_stale = [&](Parameter& p) {
      return p.step == 1 || p.state("last_step").item() != static_cast<double>(steps);
    };
    if (std::any_of(parameters.begin(), parameters.end(), is_stale)) return;
    const auto flat = [&](const char* name) {
      return variables.gather([&](Parameter& p) { return p.state(name).reshape({-1}); });
    };
    const auto rows = [&](const char* name) {
      return variables.gather([&](Parameter& p) { return p.state(name); });
    };
    gradient_ = flat("prev_grad");
    change_ = flat("prev_change");
    const Tensor y = rows("old_dirs"), s = rows("old_stps");
    for (int64_t i = 0; i < y.size(0); ++i) add(y[i], s[i]);
  }

  bool is_empty() const { return !gradient_.defined(); }
  /// The quasi-Newton direction at a gradient: two-loop recursion.
  Tensor direction(const Tensor& gradient) {
    if (is_empty()) return -gradient;
    add(gradient - gradient_, change_);
    std::vector<double> along(pairs_.size());
    Tensor q = -gradient;
    for (size_t i = pairs_.size(); i-- > 0;) {
      along[i] = scalar_product(pairs_[i].s, q) * pairs_[i].rho;
      q = q - along[i] * pairs_[i].y;
    }
    q = q * scale_;
    for (size_t i = 0; i < pairs_.size(); ++i)
      q = q + (along[i] - scalar_product(pairs_[i].y, q) * pairs_[i].rho) * pairs_[i].s;
    return q;
  }
  /// Remembers an iteration: the gradient at its start, and the change of the parameters.
  void set_last(const Tensor& gradient, const Tensor& change) {
    gradient_ = gradient;
    change_ = change;
  }

  void save(const Variables& variables, std::span<Parameter> parameters, int64_t steps) const {
    std::vector<Tensor> y, s;
    for (const Pair& pair : pairs_) {
      y.push_back(pair.y);
      s.push_back(pair.s);
    }
    const Tensor none = zeros({0, gradient_.numel()}, gradient_.dtype());
    const auto put = [&](const char* name, const Tensor& x) {
      variables.scatter(x, [&](Parameter& p, const Tensor& part) {
        p.state(name) = x.dim() == 2 ? part : part.reshape(p.value.shape());
      });
    };
    put("prev_grad", gradient_);
    put("prev_change", change_);
    put("old_dirs", y.empty() ? none : stack(y));
    put("old_stps", s.empty() ? none : stack(s));
    for (Parameter& p : parameters) p.state("last_step").fill_(static_cast<double>(steps));
  }

 private:
  struct Pair {
    Tensor y, s;
    double rho;
  };
  void add(const Tensor& y, const Tensor& s) {
    const double curvature = scalar_product(y, s);
    if (!(curvature > kLeastCurvature)) return;
    if (pairs_.size() == size_) pairs_.pop_front();
    pairs_.push_back({y, s, 1 / curvature});
    scale_ = curvature / scalar_product(y, y);
  }

  size_t size_;
  std::deque<Pair> pairs_;
  double scale_ = 1;          // of the first estimate of the inverse Hessian
  Tensor gradient_, change_;  // of the last iteration
};

// Iterates until one of the limits of the options is reached.
void minimize(const Variables& variables, History& history, const LBFGSOptions& o, double loss) {
  const int64_t max_eval = o.max_eval > 0 ? o.max_eval.value() : o.max_iter * 5 / 4;
  int64_t evaluations = 1;
  Tensor gradient = variables.gradient();
  if (largest(gradient) <= o.tolerance_grad) {
    if (history.is_empty()) history.set_last(gradient, zeros_like(gradient));
    return;
  }
  for (int64_t i = 1; i <= o.max_iter; ++i) {
    const bool first = history.is_empty();
    const Tensor direction = history.direction(gradient), start = variables.values();
    double t = o.lr;
    if (first) t *= std::min(1.0, 1 / sum(abs(gradient)).item());
    const double slope = scalar_product(gradient, direction), previous = loss;
    history.set_last(gradient, t * direction);
    if (slope > -o.tolerance_change) return;
    const auto at = [&](double place) {
      ++evaluations;
      LinePoint p{.t = place, .loss = variables.evaluate(start + place * direction)};
      p.gradient = variables.gradient();
      p.slope = scalar_product(p.gradient, direction);
      return p;
    };
    if (o.line_search_fn == LineSearchFn::strong_wolfe) {
      const detail::LineSearch search{at, largest(direction), o.tolerance_change,
                                      max_eval - evaluations};
      const LinePoint found = detail::strong_wolfe(search, {0, loss, gradient, slope}, t);
      t = found.t;
      loss = found.loss;
      history.set_last(gradient, t * direction);
      gradient = found.gradient;
      variables.set(start + t * direction);
    } else if (i < o.max_iter) {
      const LinePoint next = at(t);
      loss = next.loss;
      gradient = next.gradient;
    } else {
      variables.set(start + t * direction);
    }
    if (evaluations >= max_eval || largest(gradient) <= o.tolerance_grad ||
        largest(direction) * t <= o.tolerance_change ||
        std::abs(loss - previous) < o.tolerance_change)
      return;
  }
}

}  // namespace

LBFGS::LBFGS(const ParamList& params, const LBFGSOptions& options)
    : Optimizer("LBFGS", params, options,
                {"prev_grad",
                 "prev_change",
                 {"old_dirs", "", true},
                 {"old_stps", "", true},
                 {"last_step", StateSpec::one_number}}) {}

Tensor LBFGS::step(const Closure& closure) {
  const AutoGradMode on(true);
  Tensor loss = closure();
  loss_ = loss.item();
  closure_ = &closure;
  try {
    Optimizer::step();
  } catch (...) {
    closure_ = nullptr;
    throw;
  }
  closure_ = nullptr;
  return loss;
}

void LBFGS::update_all(Step& step) {
  if (!closure_)
    throw GraphError(
        "LBFGS: step() without a closure; call step(f), where f computes the loss and its "
        "gradients");
  const auto o = groups()[0].options<LBFGSOptions>();
  step.update_together([&](std::span<Parameter> parameters) {
    const Variables variables(parameters, *closure_);
    History history(variables, parameters, steps(), static_cast<size_t>(o.history_size.value()));
    minimize(variables, history, o, loss_);
    history.save(variables, parameters, steps() + 1);
  });
}

}  // namespace tapehead::optim

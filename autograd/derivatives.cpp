#include "tapehead/autograd/detail/derivatives.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/core/detail/nan.h"
#include "tapehead/core/error.h"

namespace tapehead::detail {
namespace {

using Tensors = std::vector<Tensor>;
using Values = std::vector<double>;

constexpr double kMostDerivatives = 2e7;
// Tolerance between two formulas of one gradient, relative to its largest element.
constexpr double kRounding = 1e-10;

// Random numbers of both signs, none near zero.
Values random_direction(std::mt19937_64& bits, int64_t n) {
  Values out;
  for (int64_t i = 0; i < n; ++i) {
    const double size = 0.5 + std::ldexp(static_cast<double>(bits() >> 11), -53);
    out.push_back(bits() & 1 ? size : -size);
  }
  return out;
}

std::string position(const Tensor& t, int64_t index) {
  Shape at = t.shape();
  for (int axis = t.dim() - 1; axis >= 0; --axis) {
    at[axis] = index % t.shape()[axis];
    index /= t.shape()[axis];
  }
  return at.str();
}

// The results when the elements `moved` of `input` are shifted by `step` times `along`.
std::vector<Values> values_at(const Subject& s, const Tensor& input,
                              const std::vector<int64_t>& moved, const Values& along, double step) {
  struct PutBack {
    const Tensor& input;
    const std::vector<int64_t>& moved;
    Values before;
    ~PutBack() {
      for (size_t k = 0; k < moved.size(); ++k) element(input, moved[k]) = before[k];
    }
  } guard{input, moved, {}};
  for (const int64_t index : moved) guard.before.push_back(element(input, index));
  for (size_t k = 0; k < moved.size(); ++k) element(input, moved[k]) += step * along[k];
  std::vector<Values> out;
  const AutoGradMode on(true);
  for (const Tensor& result : s.f(s.inputs))
    if (result.dtype() == f64) out.push_back(result.to_vector<double>());
  return out;
}

// The derivative of every result with respect to `step`, flattened, by central differences.
std::vector<Values> slope(const Subject& s, const Tensor& input, const std::vector<int64_t>& moved,
                          const Values& along, double eps) {
  std::vector<Values> up = values_at(s, input, moved, along, eps);
  const std::vector<Values> down = values_at(s, input, moved, along, -eps);
  for (size_t r = 0; r < up.size(); ++r)
    for (size_t k = 0; k < up[r].size(); ++k) up[r][k] = (up[r][k] - down[r][k]) / (2 * eps);
  return up;
}

// The gradients of <seed, result> with respect to the varied inputs; undefined where there is none.
Tensors pull_back(const Subject& s, const Tensors& results, const Tensors& seeds,
                  bool create_graph = false) {
  Tensors varied, tracked, gradients;
  for (const size_t i : s.varied) varied.push_back(s.inputs[i]);
  for (size_t r = 0; r < results.size(); ++r)
    if (seeds[r].defined() && results[r].requires_grad())
      tracked.push_back(results[r]), gradients.push_back(seeds[r]);
  if (tracked.empty()) return Tensors(varied.size());
  return grad(tracked, varied,
              {.gradients = gradients,
               .retain_graph = true,
               .create_graph = create_graph,
               .allow_unused = true});
}

// The values of a gradient; zeros if it is undefined.
Values values_of(const Tensor& gradient, const Tensor& input) {
  return gradient.defined() ? gradient.to_vector<double>()
                            : Values(static_cast<size_t>(input.numel()));
}

// Counts the disagreements of one check and reports the worst.
class Verdict {
 public:
  Verdict(const Subject& s, const GradcheckOptions& o) : subject_(s), options_(o) {}

  template <class Describe>
  void compare(double analytical, double numerical, double scale, Describe describe) {
    ++compared_;
    double badness = std::abs(analytical - numerical) /
                     (scale * options_.atol + options_.rtol * std::abs(numerical));
    if (std::isnan(badness)) badness = std::numeric_limits<double>::infinity();
    if (badness <= 1) return;
    ++wrong_;
    if (badness <= worst_) return;
    worst_ = badness;
    message_ = fmt::format("{} is {:.8g} by backward but {:.8g} by differences", describe(),
                           core::shown(analytical), core::shown(numerical));
  }

  void finish() const {
    if (wrong_ > 0)
      throw GradcheckError(fmt::format(
          "{}: {} (the worst of {} that differ, of {}); correct the {}backward", subject_.check,
          message_, wrong_, compared_, subject_.second ? "derivative of the " : ""));
  }

 private:
  const Subject& subject_;
  const GradcheckOptions& options_;
  double worst_ = 0;
  int64_t wrong_ = 0, compared_ = 0;
  std::string message_;
};

// Reports an input without a gradient: either the function does not use it, or backward omits it.
void check_reached(const Subject& s, size_t input, bool reached, bool matters) {
  if (reached) return;
  if (matters)
    throw GradcheckError(
        fmt::format("{}: no gradient reaches {}, though the results depend on it; the function "
                    "uses detach() or NoGradGuard, or a backward returns no gradient for it",
                    s.check, s.input_names[input]));
  if (!s.second)
    throw GradcheckError(
        fmt::format("{}: no result depends on {}; leave it out of the inputs, or use it", s.check,
                    s.input_names[input]));
}

void compare_all(const Subject& s, const Tensors& results, const GradcheckOptions& options) {
  // jacobian[r][v]: rows are elements of result r, columns elements of the v-th varied input.
  std::vector<std::vector<Values>> jacobian(results.size(), std::vector<Values>(s.varied.size()));
  std::vector<bool> reached(s.varied.size());
  for (size_t r = 0; r < results.size(); ++r) {
    for (int64_t k = 0; k < results[r].numel(); ++k) {
      Tensors seeds(results.size());
      seeds[r] = core::full(results[r].shape(), 0, f64);
      element(seeds[r], k) = 1;
      const Tensors row = pull_back(s, results, seeds);
      for (size_t v = 0; v < row.size(); ++v) {
        if (row[v].defined()) reached[v] = true;
        const Values g = values_of(row[v], s.inputs[s.varied[v]]);
        jacobian[r][v].insert(jacobian[r][v].end(), g.begin(), g.end());
      }
    }
  }
  Verdict verdict(s, options);
  for (size_t v = 0; v < s.varied.size(); ++v) {
    const Tensor& input = s.inputs[s.varied[v]];
    const auto columns = static_cast<size_t>(input.numel());
    bool matters = false;
    for (size_t column = 0; column < columns; ++column) {
      const auto index = static_cast<int64_t>(column);
      const std::vector<Values> numerical = slope(s, input, {index}, {1.0}, options.eps);
      for (size_t r = 0; r < results.size(); ++r)
        for (size_t k = 0; k < numerical[r].size(); ++k) {
          matters |= std::abs(numerical[r][k]) > options.atol;
          verdict.compare(jacobian[r][v][k * columns + column], numerical[r][k], 1, [&] {
            return fmt::format("the derivative of {} at {} with respect to {} at {}",
                               s.result_names[r], position(results[r], static_cast<int64_t>(k)),
                               s.input_names[s.varied[v]], position(input, index));
          });
        }
    }
    check_reached(s, s.varied[v], reached[v] || columns == 0 || jacobian[0][v].empty(), matters);
  }
  verdict.finish();
}

void compare_directions(const Subject& s, const Tensors& results, const GradcheckOptions& options) {
  std::mt19937_64 bits(1);
  Verdict verdict(s, options);
  int64_t elements = 0;  // of the results
  for (const Tensor& result : results) elements += result.numel();
  for (int d = 0; d < options.directions; ++d) {
    Tensors seeds;
    std::vector<Values> weights;
    for (const Tensor& result : results) {
      seeds.push_back(random_tensor(bits, result.shape()));
      weights.push_back(seeds.back().to_vector<double>());
    }
    const Tensors grads = pull_back(s, results, seeds);
    for (size_t v = 0; v < s.varied.size(); ++v) {
      const Tensor& input = s.inputs[s.varied[v]];
      if (input.numel() == 0 || elements == 0) continue;  // no derivative, as in compare_all()
      const Values along = random_direction(bits, input.numel());
      std::vector<int64_t> everywhere;
      for (int64_t k = 0; k < input.numel(); ++k) everywhere.push_back(k);
      double numerical = 0, analytical = 0;
      const std::vector<Values> slopes = slope(s, input, everywhere, along, options.eps);
      for (size_t r = 0; r < slopes.size(); ++r)
        for (size_t k = 0; k < slopes[r].size(); ++k) numerical += weights[r][k] * slopes[r][k];
      if (grads[v].defined()) {
        const Values g = grads[v].to_vector<double>();
        for (size_t k = 0; k < g.size(); ++k) analytical += g[k] * along[k];
      }
      check_reached(s, s.varied[v], grads[v].defined(), std::abs(numerical) > options.atol);
      verdict.compare(
          analytical, numerical, std::sqrt(static_cast<double>(elements + input.numel())), [&] {
            return fmt::format("the derivative of the results along random direction {} of {}", d,
                               s.input_names[s.varied[v]]);
          });
    }
  }
  verdict.finish();
}

}  // namespace

double& element(const Tensor& t, int64_t index) {
  int64_t at = 0;
  for (int axis = t.dim() - 1; axis >= 0; --axis) {
    at += index % t.shape()[axis] * t.strides()[axis];
    index /= t.shape()[axis];
  }
  return t.data<double>()[at];
}

Tensor random_tensor(std::mt19937_64& bits, const Shape& shape) {
  const Tensor out = core::empty(shape, f64);
  const Values numbers = random_direction(bits, shape.numel());
  std::copy(numbers.begin(), numbers.end(), out.data<double>());
  return out;
}

void compare_recorded(const Subject& s, const Tensors& results) {
  std::mt19937_64 bits(3);
  Tensors seeds;
  for (const Tensor& result : results) seeds.push_back(random_tensor(bits, result.shape()));
  const Tensors plain = pull_back(s, results, seeds), recorded = pull_back(s, results, seeds, true);
  for (size_t v = 0; v < plain.size(); ++v) {
    const Tensor& input = s.inputs[s.varied[v]];
    const Values a = values_of(plain[v], input), b = values_of(recorded[v], input);
    double scale = 1;
    for (const double x : a)
      if (std::isfinite(x)) scale = std::max(scale, std::abs(x));
    for (size_t k = 0; k < a.size(); ++k) {
      const bool same = a[k] == b[k] || (std::isnan(a[k]) && std::isnan(b[k]));
      if (!same && !(std::abs(a[k] - b[k]) <= kRounding * scale))
        throw GradcheckError(fmt::format(
            "{}: the gradient of {} at {} is {:.8g}, but {:.8g} with create_graph; correct one of "
            "the formulas of the backward",
            s.check, s.input_names[s.varied[v]], position(input, static_cast<int64_t>(k)), a[k],
            b[k]));
    }
  }
}

void compare_derivatives(const Subject& s, const Tensors& results,
                         const GradcheckOptions& options) {
  if (options.directions > 0) return compare_directions(s, results, options);
  double rows = 0, columns = 0;
  for (const Tensor& r : results) rows += static_cast<double>(r.numel());
  for (const size_t v : s.varied) columns += static_cast<double>(s.inputs[v].numel());
  if (rows * columns > kMostDerivatives)
    throw GradcheckError(
        fmt::format("{}: {:.0f} results of {:.0f} variables have {:.2g} derivatives; pass "
                    "directions to check some at random",
                    s.check, rows, columns, rows * columns));
  compare_all(s, results, options);
}

}  // namespace tapehead::detail

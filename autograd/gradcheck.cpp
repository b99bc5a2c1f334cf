#include "tapehead/autograd/gradcheck.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

using Tensors = std::vector<Tensor>;
using Values = std::vector<double>;

constexpr double kMostDerivatives = 2e7;

// A function to differentiate, and how messages call its inputs and results.
struct Subject {
  const char* check;
  std::function<Tensors(const Tensors&)> f;
  Tensors inputs;
  std::vector<size_t> varied = {};  // the inputs that are f64
  std::vector<std::string> input_names = {}, result_names = {};
  bool second = false;  // a gradient that is constant has nothing to track
};

// The place of an element, counted in row-major order, in a tensor of any strides.
double& element(const Tensor& t, int64_t index) {
  int64_t at = 0;
  for (int axis = t.dim() - 1; axis >= 0; --axis) {
    at += index % t.shape()[axis] * t.strides()[axis];
    index /= t.shape()[axis];
  }
  return t.data<double>()[at];
}

std::string position(const Tensor& t, int64_t index) {
  Shape at = t.shape();
  for (int axis = t.dim() - 1; axis >= 0; --axis) {
    at[axis] = index % t.shape()[axis];
    index /= t.shape()[axis];
  }
  return at.str();
}

bool elements_share_memory(const Tensor& t) {
  for (int axis = 0; axis < t.dim(); ++axis)
    if (t.shape()[axis] > 1 && t.strides()[axis] == 0) return true;
  return false;
}

// The inputs as tracked leaves: the caller's own where they are such, copies otherwise.
void take_inputs(Subject& s, const Tensors& inputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Tensor& x = inputs[i];
    s.inputs.push_back(x);
    s.input_names.push_back(fmt::format("input {} ({})", i, core::describe(x)));
    if (!x.defined() || !is_floating(x.dtype())) continue;
    if (x.dtype() != f64)
      throw GradcheckError(fmt::format(
          "{}: {} is not f64, in which alone differences are exact enough; convert it with to(f64)",
          s.check, s.input_names.back()));
    if (!x.requires_grad() || !x.is_leaf()) s.inputs[i] = x.detach().clone().set_requires_grad();
    else if (elements_share_memory(x))
      throw GradcheckError(
          fmt::format("{}: {} is an expanded view, whose elements share memory; clone() it first",
                      s.check, s.input_names.back()));
    s.varied.push_back(i);
  }
  if (s.varied.empty())
    throw GradcheckError(fmt::format("{}: none of the {} inputs is f64; there is nothing to check",
                                     s.check, inputs.size()));
}

bool same_bits(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape() || a.dtype() != b.dtype()) return false;
  const Values x = a.to_vector<double>(), y = b.to_vector<double>();
  return x.empty() || std::memcmp(x.data(), y.data(), x.size() * sizeof(double)) == 0;
}

// Runs the function twice, and gives the results that can be differentiated.
Tensors results_of(Subject& s) {
  const auto once = [&] {
    const GradMode on(true);
    return s.f(s.inputs);
  };
  const Tensors all = once(), again = once();
  Tensors results;
  for (size_t r = 0; r < all.size(); ++r) {
    const std::string name =
        s.second ? s.result_names[r] : fmt::format("result {} ({})", r, core::describe(all[r]));
    if (r >= again.size() || !same_bits(all[r], again[r]))
      throw GradcheckError(
          fmt::format("{}: {} is not the same when the function is called again with the same "
                      "inputs; seed its random "
                      "numbers inside the function",
                      s.check, name));
    if (!is_floating(all[r].dtype())) continue;
    if (all[r].dtype() != f64)
      throw GradcheckError(fmt::format(
          "{}: {} is not f64, in which alone differences are exact enough; compute in f64", s.check,
          name));
    if (!s.second && !all[r].requires_grad())
      throw GradcheckError(
          fmt::format("{}: {} is not tracked; compute it from the inputs with recorded ops, "
                      "without detach() or NoGrad",
                      s.check, name));
    results.push_back(all[r]);
    if (!s.second) s.result_names.push_back(name);
  }
  if (results.empty())
    throw GradcheckError(fmt::format(
        "{}: the function gives no floating result; there is nothing to check", s.check));
  return results;
}

// The results in numbers while the elements `moved` of `input` are shifted by `step` times `along`.
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
  const GradMode on(true);
  for (const Tensor& result : s.f(s.inputs))
    if (result.dtype() == f64) out.push_back(result.to_vector<double>());
  return out;
}

// d result / d step of every result, flattened.
std::vector<Values> slope(const Subject& s, const Tensor& input, const std::vector<int64_t>& moved,
                          const Values& along, double eps) {
  std::vector<Values> up = values_at(s, input, moved, along, eps);
  const std::vector<Values> down = values_at(s, input, moved, along, -eps);
  for (size_t r = 0; r < up.size(); ++r)
    for (size_t k = 0; k < up[r].size(); ++k) up[r][k] = (up[r][k] - down[r][k]) / (2 * eps);
  return up;
}

// The gradients of <seed, result> at the varied inputs; undefined where none flows.
Tensors pull_back(const Subject& s, const Tensors& results, const Tensors& seeds) {
  Tensors varied, tracked, gradients;
  for (const size_t i : s.varied) varied.push_back(s.inputs[i]);
  for (size_t r = 0; r < results.size(); ++r)
    if (seeds[r].defined() && results[r].requires_grad())
      tracked.push_back(results[r]), gradients.push_back(seeds[r]);
  if (tracked.empty()) return Tensors(varied.size());
  return grad(tracked, varied,
              {.gradients = gradients, .retain_graph = true, .allow_unused = true});
}

// The disagreements of one check; the worst is told.
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
                           analytical, numerical);
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

// An input that no gradient reached: the function does not use it, or backward forgot it.
void check_reached(const Subject& s, size_t input, bool reached, bool matters) {
  if (reached) return;
  if (matters)
    throw GradcheckError(
        fmt::format("{}: no gradient reaches {}, though the results depend on it; the function "
                    "leaves the tape, or a "
                    "backward gives nothing for it",
                    s.check, s.input_names[input]));
  if (!s.second)
    throw GradcheckError(
        fmt::format("{}: no result depends on {}; leave it out of the inputs, or use it", s.check,
                    s.input_names[input]));
}

void compare_all(const Subject& s, const Tensors& results, const GradcheckOptions& options) {
  // jacobian[r][v]: the rows are the elements of result r, the columns those of the v-th varied
  // input.
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
        const Values g = row[v].defined()
                             ? row[v].to_vector<double>()
                             : Values(static_cast<size_t>(s.inputs[s.varied[v]].numel()));
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

// Numbers of both signs, none near zero.
Values random_direction(std::mt19937_64& bits, int64_t n) {
  Values out;
  for (int64_t i = 0; i < n; ++i) {
    const double size = 0.5 + std::ldexp(static_cast<double>(bits() >> 11), -53);
    out.push_back(bits() & 1 ? size : -size);
  }
  return out;
}

void compare_directions(const Subject& s, const Tensors& results, const GradcheckOptions& options) {
  std::mt19937_64 bits(1);
  Verdict verdict(s, options);
  for (int d = 0; d < options.directions; ++d) {
    Tensors seeds;
    std::vector<Values> weights;
    for (const Tensor& result : results) {
      weights.push_back(random_direction(bits, result.numel()));
      seeds.push_back(core::full(result.shape(), 0, f64));
      for (int64_t k = 0; k < result.numel(); ++k)
        element(seeds.back(), k) = weights.back()[static_cast<size_t>(k)];
    }
    const Tensors grads = pull_back(s, results, seeds);
    for (size_t v = 0; v < s.varied.size(); ++v) {
      const Tensor& input = s.inputs[s.varied[v]];
      const Values along = random_direction(bits, input.numel());
      std::vector<int64_t> everywhere;
      for (int64_t k = 0; k < input.numel(); ++k) everywhere.push_back(k);
      double numerical = 0, analytical = 0, terms = static_cast<double>(input.numel());
      const std::vector<Values> slopes = slope(s, input, everywhere, along, options.eps);
      for (size_t r = 0; r < slopes.size(); ++r) {
        terms += static_cast<double>(slopes[r].size());
        for (size_t k = 0; k < slopes[r].size(); ++k) numerical += weights[r][k] * slopes[r][k];
      }
      if (grads[v].defined()) {
        const Values g = grads[v].to_vector<double>();
        for (size_t k = 0; k < g.size(); ++k) analytical += g[k] * along[k];
      }
      check_reached(s, s.varied[v], grads[v].defined(), std::abs(numerical) > options.atol);
      verdict.compare(analytical, numerical, std::sqrt(terms), [&] {
        return fmt::format("the derivative of the results along random direction {} of {}", d,
                           s.input_names[s.varied[v]]);
      });
    }
  }
  verdict.finish();
}

void check(Subject& s, const GradcheckOptions& options) {
  const Tensors results = results_of(s);
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

}  // namespace

CheckedFunction::Tensors CheckedFunction::operator()(const Tensors& inputs) const {
  if (takes_ != 0 && takes_ != inputs.size())
    throw GradcheckError(fmt::format("gradcheck: the function takes {} tensor{} and {} {} given",
                                     takes_, takes_ == 1 ? "" : "s", inputs.size(),
                                     inputs.size() == 1 ? "was" : "were"));
  return call_(inputs);
}

void gradcheck(const CheckedFunction& f, const Tensors& inputs, const GradcheckOptions& options) {
  Subject s{.check = "gradcheck", .f = f, .inputs = {}};
  take_inputs(s, inputs);
  check(s, options);
}

void gradgradcheck(const CheckedFunction& f, const Tensors& inputs,
                   const GradcheckOptions& options) {
  Subject first{.check = "gradgradcheck", .f = f, .inputs = {}};
  take_inputs(first, inputs);
  const Tensors results = results_of(first);

  Subject s = first;
  s.second = true;
  s.result_names.clear();
  std::mt19937_64 bits(2);
  for (size_t r = 0; r < results.size(); ++r) {
    const Values dy = random_direction(bits, results[r].numel());
    Tensor seed = core::empty(results[r].shape(), f64);
    for (int64_t k = 0; k < seed.numel(); ++k) element(seed, k) = dy[static_cast<size_t>(k)];
    s.varied.push_back(s.inputs.size());
    s.inputs.push_back(seed.set_requires_grad());
    s.input_names.push_back("the gradient of " + first.result_names[r]);
  }
  for (const size_t v : first.varied)
    s.result_names.push_back("the gradient of " + first.input_names[v]);
  const size_t count = inputs.size();
  s.f = [f, count, varied = first.varied](const Tensors& x) {
    const Tensors given(x.begin(), x.begin() + static_cast<ptrdiff_t>(count));
    Tensors outputs, wanted;
    for (const Tensor& y : f(given))
      if (y.dtype() == f64) outputs.push_back(y);
    for (const size_t v : varied) wanted.push_back(given[v]);
    Tensors grads = grad(outputs, wanted,
                         {.gradients = {x.begin() + static_cast<ptrdiff_t>(count), x.end()},
                          .create_graph = true,
                          .allow_unused = true});
    for (size_t i = 0; i < grads.size(); ++i)
      if (!grads[i].defined()) grads[i] = core::full(wanted[i].shape(), 0, f64);
    return grads;
  };
  check(s, options);
}

}  // namespace tapehead

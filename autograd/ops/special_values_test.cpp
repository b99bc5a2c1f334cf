// Reductions and softmax with infinities and NaN next to finite numbers in a block: values and
// gradients against the definition in double.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/tests/op_inputs.h"
#include "tapehead/tests/op_reduce.h"

namespace tapehead::special_values_test {

using namespace op_tests;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// An op along an axis, with or without keeping its size; its definition for one line, and the
// gradient of the line given that of the results.
struct LineOp {
  const char* name;
  Tensor (*call)(const Tensor& x, int64_t axis);
  Values (*value)(const Values& x);
  Values (*gradient)(const Values& x, const Values& dy);
};

template <class F>
Values each(Values x, F f) {
  for (double& v : x) v = f(v);
  return x;
}
double sum_of(const Values& x) {
  double total = 0;
  for (const double v : x) total += v;
  return total;
}
double count_of(const Values& x) { return static_cast<double>(x.size()); }
double mean_of(const Values& x) { return sum_of(x) / count_of(x); }
double extreme_of(const Values& x, bool largest) {
  double best = x[0];
  for (const double v : x) {
    if (std::isnan(v)) return kNan;
    if (largest ? v > best : v < best) best = v;
  }
  return best;
}
double variance_of(const Values& x) {
  const double mean = mean_of(x);
  return sum_of(each(x, [=](double v) { return (v - mean) * (v - mean); })) / (count_of(x) - 1);
}
double norm_of(const Values& x) {
  return std::sqrt(sum_of(each(x, [](double v) { return v * v; })));
}
double log_sum_of(const Values& x) {
  const double top = extreme_of(x, true);
  if (std::isnan(top) || std::isinf(top)) return top;
  return top + std::log(sum_of(each(x, [=](double v) { return std::exp(v - top); })));
}
// Like log_softmax: all NaN if the line has no finite maximum.
Values log_shares_of(const Values& x) {
  const double top = extreme_of(x, true);
  const double sum = sum_of(each(x, [=](double v) { return std::exp(v - top); }));
  return each(x, [=](double v) { return v - top - std::log(sum); });
}
Values shares_of(const Values& x) {
  return each(log_shares_of(x), [](double v) { return std::exp(v); });
}
// 0 where y is 0, like PyTorch's gradients of norms.
double over(double dy, double y) { return y == 0 ? 0 : dy / y; }

template <bool kLargest>
Values extreme_gradient(const Values& x, const Values& dy) {
  const double y = extreme_of(x, kLargest);
  const auto hits = static_cast<double>(std::count(x.begin(), x.end(), y));
  return each(x, [&](double v) { return dy[0] * ((v == y) / hits); });
}

const LineOp kOps[] = {
    {"sum", [](const Tensor& x, int64_t axis) { return sum(x, axis, true); },
     [](const Values& x) { return Values{sum_of(x)}; },
     [](const Values& x, const Values& dy) { return each(x, [&](double) { return dy[0]; }); }},
    {"mean", [](const Tensor& x, int64_t axis) { return mean(x, axis, true); },
     [](const Values& x) { return Values{mean_of(x)}; },
     [](const Values& x, const Values& dy) {
       return each(x, [&](double) { return dy[0] / count_of(x); });
     }},
    {"amax", [](const Tensor& x, int64_t axis) { return amax(x, axis, true); },
     [](const Values& x) { return Values{extreme_of(x, true)}; }, extreme_gradient<true>},
    {"amin", [](const Tensor& x, int64_t axis) { return amin(x, axis, true); },
     [](const Values& x) { return Values{extreme_of(x, false)}; }, extreme_gradient<false>},
    {"var", [](const Tensor& x, int64_t axis) { return var(x, axis, true); },
     [](const Values& x) { return Values{variance_of(x)}; },
     [](const Values& x, const Values& dy) {
       const double mean = mean_of(x), factor = dy[0] * (2 / (count_of(x) - 1));
       return each(x, [&](double v) { return factor * (v - mean); });
     }},
    {"stddev", [](const Tensor& x, int64_t axis) { return stddev(x, axis, true); },
     [](const Values& x) { return Values{std::sqrt(variance_of(x))}; },
     [](const Values& x, const Values& dy) {
       const double mean = mean_of(x), y = std::sqrt(variance_of(x));
       const double factor = over(dy[0], y) / (count_of(x) - 1);
       return each(x, [&](double v) { return factor * (v - mean); });
     }},
    {"norm", [](const Tensor& x, int64_t axis) { return norm(x, 2, axis, true); },
     [](const Values& x) { return Values{norm_of(x)}; },
     [](const Values& x, const Values& dy) {
       const double y = norm_of(x);
       return each(x, [&](double v) { return over(dy[0], y) * v; });
     }},
    {"logsumexp", [](const Tensor& x, int64_t axis) { return logsumexp(x, axis, true); },
     [](const Values& x) { return Values{log_sum_of(x)}; },
     [](const Values& x, const Values& dy) {
       const double y = log_sum_of(x);
       return each(x, [&](double v) { return dy[0] * std::exp(v - y); });
     }},
    {"softmax", [](const Tensor& x, int64_t axis) { return softmax(x, axis); }, shares_of,
     [](const Values& x, const Values& dy) {
       const Values y = shares_of(x);
       double along = 0;
       for (size_t i = 0; i < x.size(); ++i) along += y[i] * dy[i];
       Values dx;
       for (size_t i = 0; i < x.size(); ++i) dx.push_back(y[i] * (dy[i] - along));
       return dx;
     }},
    {"log_softmax", [](const Tensor& x, int64_t axis) { return log_softmax(x, axis); },
     log_shares_of,
     [](const Values& x, const Values& dy) {
       const Values y = shares_of(x);
       const double all = sum_of(dy);
       Values dx;
       for (size_t i = 0; i < x.size(); ++i) dx.push_back(dy[i] - y[i] * all);
       return dx;
     }},
};

// Fills part of a line with a special value.
struct Pattern {
  double special;
  double from, to;  // relative position of the special part
  double base;      // other elements differ from it by up to 2
};
const Pattern kPatterns[] = {
    {-kInf, 0, 0.5, -1000},  // a masked block before elements whose exp() is 0
    {-kInf, 0.5, 1, -1000}, {-kInf, 0.25, 0.75, 1000}, {-kInf, 0, 1, 0},
    {kInf, 0.3, 0.3, 1000}, {kInf, 0, 0.5, 0},         {kInf, 1, 1, -1000},
    {kNan, 0, 0, 0},        {kNan, 0.6, 0.6, -1000},   {kNan, 1, 1, 0},
    {0, 0, 1, 0},
};

// Sizes around those of vector lanes, blocks and thread pieces.
constexpr int64_t kLengths[] = {1, 2, 15, 16, 33, 64, 65, 129, 300, 2048, 2049, 4500};

Array filled(const Shape& shape, int axis, const Pattern& p) {
  Array x = draw_gradient(shape, 3);
  const Array from = x;
  each_line(from, axis, [&](const Values& v, const std::vector<size_t>& at) {
    const auto last = static_cast<double>(v.size() - 1);
    const auto first = static_cast<size_t>(std::ceil(p.from * last)),
               end = static_cast<size_t>(std::floor(p.to * last)) + 1;
    for (size_t i = 0; i < v.size(); ++i)
      x.values[at[i]] = i >= first && i < std::max(end, first + 1) ? p.special : p.base + 2 * v[i];
  });
  return x;
}

struct Expected {
  Array value, gradient;
};
Expected expected(const LineOp& op, const Array& x, const Array& dy, int axis) {
  Expected out{dy, x};
  std::vector<Values> lines;  // incoming gradients, in the order of each_line
  each_line(dy, axis, [&](const Values& v, const std::vector<size_t>&) { lines.push_back(v); });
  std::vector<Values> results;
  size_t line = 0;
  each_line(x, axis, [&](const Values& v, const std::vector<size_t>& at) {
    results.push_back(op.value(v));
    const Values dx = op.gradient(v, lines[line++]);
    for (size_t i = 0; i < at.size(); ++i) out.gradient.values[at[i]] = dx[i];
  });
  line = 0;
  each_line(dy, axis, [&](const Values&, const std::vector<size_t>& at) {
    for (size_t i = 0; i < at.size(); ++i) out.value.values[at[i]] = results[line][i];
    ++line;
  });
  return out;
}

void check(const LineOp& op, const Shape& shape, int axis, const Pattern& p, DType dtype,
           Layout layout) {
  const Array x = rounded(filled(shape, axis, p), dtype);
  Tensor in = to_tensor(x, dtype, layout);
  in.set_requires_grad();
  const Tensor y = op.call(in, axis);
  const Array dy = rounded(draw_gradient(y.shape(), 9), dtype);
  const Expected wanted = expected(op, x, dy, axis);
  const int64_t n = shape[axis];
  const double scale = std::max(scale_of(wanted.value), std::abs(p.base));
  INFO(fmt::format("{} of {} {} ({}) along {}, {} from {} to {} in {}", op.name, shape.str(),
                   name(dtype), name(layout), axis, p.special, p.from, p.to, p.base));
  if (auto d = difference(to_array(y), wanted.value, tolerance(dtype, n, 2, scale)))
    FAIL_CHECK("value " << *d);
  for (const bool record : {false, true}) {
    const Tensor dx = grad(
        {y}, {in},
        {.gradients = {to_tensor(dy, dtype)}, .retain_graph = true, .create_graph = record})[0];
    // Rounding of a logarithm near 1000 becomes a relative error of its exp().
    const double most = std::max(scale_of(wanted.gradient), 1.0) * std::max(1.0, scale / 100);
    if (auto d = difference(to_array(dx), wanted.gradient, tolerance(dtype, 4 * n, 40, most)))
      FAIL_CHECK("gradient, create_graph " << record << ", " << *d);
  }
}

}  // namespace

TEST_CASE("reductions over blocks that hold infinities and NaN" * doctest::test_suite("long")) {
  for (const LineOp& op : kOps)
    for (const Pattern& p : kPatterns)
      for (const DType dtype : {f32, f64, bf16}) {
        for (const int64_t n : kLengths) {
          check(op, {2, n}, 1, p, dtype, Layout::kPlain);
          check(op, {n, 3}, 0, p, dtype, Layout::kPlain);
          if (n > 300) continue;
          check(op, {2, n, 5}, 1, p, dtype, Layout::kPlain);
          check(op, {n, 2}, 0, p, dtype, Layout::kTurned);
          check(op, {3, n}, 1, p, dtype, Layout::kStepped);
        }
      }
}

// Long enough for several threads, each of which reduces one piece.
TEST_CASE("reductions over pieces that hold infinities and NaN" * doctest::test_suite("long")) {
  for (const LineOp& op : kOps)
    for (const Pattern& p : kPatterns) {
      check(op, {1, 75000}, 1, p, f32, Layout::kPlain);
      check(op, {15000, 5}, 0, p, f32, Layout::kPlain);
    }
}

TEST_CASE("reductions over all axes that hold infinities and NaN") {
  for (const auto& row : {std::pair(-kInf, -1000.0), {kInf, kInf}, {kNan, kNan}})
    for (const DType dtype : {f32, f64}) {
      CAPTURE(row.first);
      const auto& [special, wanted] = row;
      Tensor x = core::full({30, 40, 50}, -1000, dtype);
      x[3].fill_(special);
      const double y = logsumexp(x).item();
      if (std::isfinite(wanted)) CHECK(y == doctest::Approx(-1000 + std::log(29 * 40 * 50)));
      else CHECK((std::isnan(wanted) ? std::isnan(y) : y == wanted));
      CHECK(any(isnan(x)).item() == std::isnan(special));
      CHECK(count_nonzero(x).item<int64_t>() == 60000);
      const double top = max(x).item();
      CHECK((std::isnan(special) ? std::isnan(top) : top == std::max(special, -1000.0)));
    }
}

// More masked classes than a block has, next to classes whose exp() underflows.
TEST_CASE("cross entropy over a vocabulary of which a part is masked") {
  for (const bool first : {true, false}) {
    Tensor logits = core::full({2, 6000}, -1000, f32);
    logits.slice(1, {first ? 0 : 3000, first ? 3000 : 6000}).fill_(-kInf);
    logits.set_requires_grad();
    const Tensor target = core::full({2}, first ? 5000 : 10, i64);
    const Tensor loss = cross_entropy(logits, target);
    CHECK(loss.item() == doctest::Approx(std::log(3000)));
    for (const bool record : {false, true}) {
      const Tensor dx = grad({loss}, {logits}, {.retain_graph = true, .create_graph = record})[0];
      CHECK(all(isfinite(dx)).item() == 1);
      CHECK(dx[0][first ? 4000 : 20].item() == doctest::Approx(1.0 / 6000).epsilon(1e-4));
      CHECK(dx[0][first ? 20 : 4000].item() == 0);
    }
  }
}

}  // namespace tapehead::special_values_test

#include <algorithm>
#include <cmath>

#include "tapehead/tests/op_reduce.h"

namespace tapehead::op_tests {

using ScanCall = Tensor (*)(const Tensor&, int64_t, const ScanOptions&);
using ExtremesCall = ValuesAndIndices (*)(const Tensor&, int64_t, const ScanOptions&);
using ScanStep = double (*)(double so_far, double x);

// Calls f(index in x, place in the scan, value) along each line, in the order of the scan.
static void each_step(const Array& x, int axis, bool reverse,
                      const std::function<void(size_t at, size_t place, double value)>& f) {
  each_line(x, axis, [&](const Values& v, const std::vector<size_t>& at) {
    for (size_t k = 0; k < v.size(); ++k) {
      const size_t i = reverse ? v.size() - 1 - k : k;
      f(at[i], k, v[i]);
    }
  });
}

// Scans short and long lines, inner and outer axes, in all directions.
static std::vector<Sample> scans(ScanCall call, ScanStep step, double identity, double from,
                                 double to, int64_t roundings = 1) {
  std::vector<Sample> out;
  const auto add = [&](const Operand& x, int axis, const ScanOptions& options) {
    const int rank = std::max(x.shape.rank(), 1), along = axis < 0 ? axis + rank : axis;
    const auto reference = [=](Arrays& in) {
      Array y = in[0];
      double total = identity;
      each_step(in[0], along, options.reverse, [&](size_t at, size_t place, double value) {
        const double before = place == 0 ? identity : total;
        total = step(before, value);
        y.values[at] = options.exclusive ? before : total;
      });
      return Arrays{y};
    };
    out.push_back({.operands = {x},
                   .call = [=](const Tensors& in) { return Tensors{call(in[0], axis, options)}; },
                   .reference = reference,
                   .reduces = x.shape.rank() == 0 ? 1 : std::max<int64_t>(1, x.shape[along]),
                   .has_derivative = !(options.exclusive && std::isinf(identity)),
                   .roundings = roundings});
  };
  const auto in = [=](const Shape& shape) { return Operand(shape, from, to); };
  for (const bool reverse : {false, true}) {
    for (const bool exclusive : {false, true}) {
      add(in({3, 19}), 1, {reverse, exclusive});
      add(in({5, 2}), 0, {reverse, exclusive});
    }
    add(in({3, 2, 2}), -2, {.reverse = reverse});
  }
  add(in({}), 0, {});
  add(in({}), -1, {.exclusive = true});
  add(in({0, 3}), 1, {.reverse = true, .exclusive = true});
  add(in({3, 0}), 1, {.exclusive = true});
  add(in({21, 70}), 0, {});
  add(in({40, 500}), 1, {});
  return out;
}

static std::vector<Sample> extremes(ExtremesCall call, bool largest) {
  std::vector<Sample> out;
  const auto add = [&](const Operand& x, int axis, bool reverse) {
    const auto reference = [=](Arrays& in) {
      Array values = in[0], indices = in[0];
      const int64_t n = in[0].shape.rank() == 0 ? 1 : in[0].shape[axis];
      double best = 0, best_at = 0;
      each_step(in[0], axis, reverse, [&](size_t at, size_t place, double value) {
        if (place == 0 || (largest ? value >= best : value <= best)) {
          best = value;
          best_at = static_cast<double>(reverse ? n - 1 - static_cast<int64_t>(place)
                                                : static_cast<int64_t>(place));
        }
        values.values[at] = best;
        indices.values[at] = best_at;
      });
      return Arrays{values, indices};
    };
    const auto run = [=](const Tensors& in) {
      const auto [values, indices] = call(in[0], axis, {.reverse = reverse});
      return Tensors{values, indices};
    };
    out.push_back(
        {.operands = {x}, .call = run, .reference = reference, .has_derivative = x.values.empty()});
  };
  for (const bool reverse : {false, true}) {
    add({{3, 4}}, 1, reverse);
    add({{5, 3}}, 0, reverse);
    add({{2, 150}}, 1, reverse);
    add(vector_of({1, 2, 2, 1, 3, 3, 1, 1, 0}), 0, reverse);
  }
  add(Operand(Shape{}), 0, false);
  add({{3, 0}}, 1, false);
  add({{30, 70}}, 0, false);
  return out;
}

static double log_of_sum(double a, double b) {
  const double high = std::max(a, b), low = std::min(a, b);
  return low == -kInf ? high : high + std::log1p(std::exp(low - high));
}

static const Tensor kScanned = core::full({2, 3}, 1);

TAPEHEAD_OP_TEST(cumsum)
    .samples(scans(
        cumsum, [](double a, double b) { return a + b; }, 0, -2, 2))
    .bad<IndexError>([] { cumsum(kScanned, 2); },
                     "cumsum: axis 2 is outside -2..1 of a tensor with 2 dimensions");
TAPEHEAD_OP_TEST(cumprod)
    .samples(scans(
        cumprod, [](double a, double b) { return a * b; }, 1, 0.9, 1.1, 2))
    .sample({.operands = {given(Shape{4, 5}, {2, 0, 3, 4, -1, 0, 2, 0, 3, 1,  //
                                              1, 2, 3, 4, 0,  0, 0, 0, 2, 1})},
             .call =
                 [](const Tensors& x) {
                   return Tensors{cumprod(x[0], 1), cumprod(x[0], 0, {.reverse = true})};
                 }})
    .bad<IndexError>([] { cumprod(kScanned, 2); },
                     "cumprod: axis 2 is outside -2..1 of a tensor with 2 dimensions");
TAPEHEAD_OP_TEST(logcumsumexp)
    .samples(scans(logcumsumexp, log_of_sum, -kInf, -3, 3, 4))
    .sample({.operands = {given(Shape{2, 4}, {-40, 3, 0, 4, 5, -60, -1, 4})},
             .call = [](const Tensors& x) { return Tensors{logcumsumexp(x[0], 1)}; },
             .roundings = 4})
    .bad<DTypeError>([] { logcumsumexp(kScanned.to(i64), 0); },
                     "logcumsumexp: expected a floating tensor, got [2, 3] i64; convert with "
                     "to(f32)")
    .bad<IndexError>([] { logcumsumexp(kScanned, 2); },
                     "logcumsumexp: axis 2 is outside -2..1 of a tensor with 2 dimensions");
TAPEHEAD_OP_TEST(cummax)
    .samples(extremes(cummax, true))
    .sample({.operands = {{{2, 3}}},
             .call =
                 [](const Tensors& x) {
                   const auto [values, indices] = cummax(x[0], 1, {.exclusive = true});
                   return Tensors{values.slice(1, 1, 3), indices};
                 }})
    .bad<IndexError>([] { cummax(kScanned, 2); },
                     "cummax: axis 2 is outside -2..1 of a tensor with 2 dimensions");
TAPEHEAD_OP_TEST(cummin)
    .samples(extremes(cummin, false))
    .bad<IndexError>([] { cummin(kScanned, 2); },
                     "cummin: axis 2 is outside -2..1 of a tensor with 2 dimensions");

TAPEHEAD_OP_TEST(diff)
    .samples({{.operands = {{{2, 4}}},
               .call = [](const Tensors& x) { return Tensors{diff(x[0])}; },
               .reference =
                   [](Arrays& in) {
                     return matrix(
                         2, 3, [&](int64_t i, int64_t j) { return in[0](i, j + 1) - in[0](i, j); });
                   }},
              {.operands = {{{3, 2}}, {{1, 2}}, {{2, 2}}},
               .call = [](const Tensors& x) { return Tensors{diff(x[0], 2, 0, x[1], x[2])}; },
               .roundings = 3},
              {.operands = {{{3}}},
               .call =
                   [](const Tensors& x) {
                     return Tensors{diff(x[0], 0), diff(x[0], 5), diff(x[0].slice(0, 0, 0))};
                   }}})
    .bad<ValueError>([] { diff(kScanned, -1); }, "diff: n = -1; it must be at least 0")
    .bad<IndexError>([] { diff(core::full({}, 1)); }, "diff: a 0-d tensor has no axes")
    .bad<IndexError>([] { diff(kScanned, 1, 2); },
                     "diff: axis 2 is outside -2..1 of a tensor with 2 dimensions");

static Sample integral(Tensor (*f)(const Tensor&, double, int64_t),
                       Tensor (*g)(const Tensor&, const Tensor&, int64_t)) {
  return {.operands = {{{3, 4}}, {{4}}, {{3, 1}}, {{3, 4}}},
          .call =
              [=](const Tensors& x) {
                return Tensors{f(x[0], 0.5, -1), f(x[0], 2, 0),     g(x[0], x[1], 1),
                               g(x[0], x[2], 0), g(x[0], x[3], -2), g(x[0], x[3], -1)};
              },
          .reduces = 4,
          .roundings = 6};
}

TAPEHEAD_OP_TEST(trapezoid)
    .sample({.operands = {{{3}}},
             .call = [](const Tensors& x) { return Tensors{trapezoid(x[0], 2)}; },
             .reference =
                 [](Arrays& in) { return Arrays{Array({}, in[0](0) + 2 * in[0](1) + in[0](2))}; },
             .reduces = 3,
             .roundings = 4})
    .sample(integral(trapezoid, trapezoid))
    .bad<ShapeError>([] { trapezoid(kScanned, core::full({2}, 1)); },
                     "trapezoid: x is [2], but y [2, 3] has 3 samples along axis 1")
    .bad<IndexError>([] { trapezoid(kScanned, 1, 2); },
                     "trapezoid: axis 2 is outside -2..1 of a tensor with 2 dimensions");
TAPEHEAD_OP_TEST(cumulative_trapezoid)
    .sample({.operands = {{{3}}},
             .call = [](const Tensors& x) { return Tensors{cumulative_trapezoid(x[0], 2)}; },
             .reference =
                 [](Arrays& in) {
                   const double first = in[0](0) + in[0](1);
                   Array out({2});
                   out(0) = first, out(1) = first + in[0](1) + in[0](2);
                   return Arrays{out};
                 },
             .reduces = 2,
             .roundings = 4})
    .sample(integral(cumulative_trapezoid, cumulative_trapezoid))
    .bad<ShapeError>([] { cumulative_trapezoid(kScanned, core::full({2}, 1)); },
                     "cumulative_trapezoid: x is [2], but y [2, 3] has 3 samples along axis 1");

}  // namespace tapehead::op_tests

// bincount, histc, cov, corrcoef, and pairs of moments.
#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/core/creation.h"
#include "tapehead/tests/op_reduce.h"

namespace tapehead::op_tests {

static double total_of(const Values& v) {
  double total = 0;
  for (const double x : v) total += x;
  return total;
}
static double average_of(const Values& v) { return total_of(v) / static_cast<double>(v.size()); }

static const Tensor kCounted = tensor({2, 0, 2}), kTable = core::full({2, 3}, 1);

TAPEHEAD_OP_TEST(nansum)
    .samples(reductions(nansum, total_of))
    .bad<IndexError>([] { nansum(kTable, 2); },
                     "nansum: axis 2 is outside -2..1 of a tensor with 2 dimensions");
TAPEHEAD_OP_TEST(nanmean)
    .samples(reductions(nanmean, average_of, {.empty = false}))
    .bad<DTypeError>([] { nanmean(kTable.to(i64)); },
                     "nanmean: expected a floating tensor, got [2, 3] i64; convert with to(f32)");

template <class Pair, class First>
static Sample moments_of(Pair (*f)(const Tensor&, const Axes&, bool, double),
                         Tensor (*first)(const Tensor&, const Axes&, bool, double),
                         First Pair::*deviation) {
  return {.operands = {{{3, 5}}},
          .call =
              [=](const Tensors& x) {
                const Pair all = f(x[0], {}, false, 0), lines = f(x[0], 1, true, 1);
                const Tensor difference = lines.*deviation - first(x[0], 1, true, 1);
                return Tensors{difference, lines.*deviation, lines.mean, all.*deviation, all.mean};
              },
          .reduces = 15,
          .roundings = 4,
          .may_repeat = false};
}

TAPEHEAD_OP_TEST(var_mean).sample(moments_of(var_mean, var, &VarMean::var));
TAPEHEAD_OP_TEST(std_mean).sample(moments_of(std_mean, stddev, &StddevMean::stddev));

TAPEHEAD_OP_TEST(bincount)
    .sample({.operands = {given(indices({5}, 4), {3, 0, 3, 1, 3}), {{5}}},
             .call =
                 [](const Tensors& x) {
                   return Tensors{bincount(x[0]), bincount(x[0], {}, 6), bincount(x[0], x[1], 5)};
                 },
             .reference =
                 [](Arrays& in) {
                   Array counts({4}), longer({6}), weighted({5});
                   counts.values = {1, 1, 0, 3}, longer.values = {1, 1, 0, 3, 0, 0};
                   for (int64_t i = 0; i < 5; ++i)
                     weighted(static_cast<int64_t>(in[0](i))) += in[1](i);
                   return Arrays{counts, longer, weighted};
                 },
             .reduces = 3,
             .may_repeat = false})
    .bad<IndexError>(
        [] {
          bincount(tensor({2, -1}));
        },
        "bincount: x[1] = -1 is negative")
    .bad<DTypeError>([] { bincount(tensor({2.0})); },
                     "bincount: x is f32; indices must be integers; convert with to(i64)")
    .bad<ShapeError>([] { bincount(kTable.to(i64)); }, "bincount: expected [n], got [2, 3] i64")
    .bad<ShapeError>([] { bincount(kCounted, core::full({2}, 1.0)); },
                     "bincount: weights is [2]; it must be [3], a weight for each observation")
    .bad<ValueError>([] { bincount(kCounted, {}, -1); },
                     "bincount: minlength = -1; it must be at least 0");
TAPEHEAD_OP_TEST(histc)
    .sample({.operands = {given(Shape{8}, {0, 1, 1.5, 4, 4.5, -1, 3, 2})},
             .call =
                 [](const Tensors& x) {
                   return Tensors{histc(x[0], 4, 0, 4), histc(x[0], 2)};
                 },
             .reference =
                 [](Arrays&) {
                   Array four({4}), two({2});
                   four.values = {1, 2, 1, 2}, two.values = {4, 4};
                   return Arrays{four, two};
                 },
             .differentiable = false,
             .may_repeat = false})
    .not_twice_differentiable("counts are constant between jumps")
    .bad<ValueError>([] { histc(kTable.to(f32), 0); }, "histc: bins = 0; pass 1..2147483646")
    .bad<ValueError>([] { histc(kTable.to(f32), 5, 2, 1); },
                     "histc: the range 2..1 is not finite and ascending")
    .bad<DTypeError>([] { histc(kTable.to(i64)); },
                     "histc: expected a floating tensor, got [2, 3] i64; convert with to(f32)");

TAPEHEAD_OP_TEST(cov)
    .sample({.operands = {{{2, 4}}},
             .call = [](const Tensors& x) { return Tensors{cov(x[0])}; },
             .reference =
                 [](Arrays& in) {
                   return matrix(2, 2, [&](int64_t i, int64_t j) {
                     double product = 0, a = 0, b = 0;
                     for (int64_t k = 0; k < 4; ++k) {
                       product += in[0](i, k) * in[0](j, k);
                       a += in[0](i, k), b += in[0](j, k);
                     }
                     return (product - a * b / 4) / 3;
                   });
                 },
             .reduces = 4,
             .roundings = 4})
    .sample({.operands = {{{3, 5}}, Operand({5}, 0.5, 2)},
             .call =
                 [](const Tensors& x) {
                   const Tensor repeats = tensor({1, 3, 0, 2, 1});
                   return Tensors{cov(x[0], {.correction = 0, .fweights = repeats}),
                                  cov(x[0], {.fweights = repeats, .aweights = x[1]}),
                                  cov(x[0].select(0, 0), {.aweights = x[1]})};
                 },
             .reduces = 5,
             .roundings = 8})
    .bad<ShapeError>(
        [] {
          cov(core::full({1, 2, 3}, 1.0));
        },
        "cov: expected [V, N] or [N], got [1, 2, 3] f32")
    .bad<ShapeError>([] { cov(kTable, {.fweights = arange(2)}); },
                     "cov: fweights is [2]; it must be [3], a weight for each observation")
    .bad<IndexError>([] { cov(kTable, {.fweights = arange(-1, 2)}); },
                     "cov: fweights[0] = -1 is negative")
    .bad<ValueError>(
        [] {
          cov(kTable, {.aweights = tensor({1.0, -1.0, 2.0})});
        },
        "cov: aweights has negative numbers; they must be at least 0");
TAPEHEAD_OP_TEST(corrcoef)
    // Without the diagonal, which is clamped to 1.
    .sample({.operands = {{{3, 6}}},
             .call = [](const Tensors& x) { return Tensors{tril(corrcoef(x[0]), -1)}; },
             .roundings = 12,
             .may_repeat = false})
    .bad<ShapeError>(
        [] {
          corrcoef(core::full({1, 2, 3}, 1.0));
        },
        "corrcoef: expected [V, N] or [N], got [1, 2, 3] f32");

}  // namespace tapehead::op_tests

namespace tapehead::statistics_test {

TEST_CASE("NaN is left out of sums, means and histograms") {
  const double nan = std::nan("");
  const Tensor x = tensor({{1.0, nan, 4.0}, {nan, nan, nan}});
  CHECK(nansum(x, 1).to_vector<double>() == std::vector{5.0, 0.0});
  CHECK(nanmean(x, 1)[0].item() == 2.5);
  CHECK(std::isnan(nanmean(x, 1)[1].item()));
  CHECK(histc(x, 2, 0, 4).to_vector<double>() == std::vector{1.0, 1.0});
  Tensor y = x.clone().set_requires_grad();
  nansum(y).backward();
  CHECK(y.grad().to_vector<double>() == std::vector{1.0, 0.0, 1.0, 0.0, 0.0, 0.0});
  CHECK_THROWS_WITH(histc(x), "histc: the range nan..nan is not finite and ascending");
}

}  // namespace tapehead::statistics_test

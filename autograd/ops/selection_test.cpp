// Elements by rank: kthvalue, median, mode, quantile, and the forms of sort.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "tapehead/core/creation.h"
#include "tapehead/core/limits.h"
#include "tapehead/tests/op_reduce.h"

namespace tapehead::op_tests {

using Selected = std::function<ValuesAndIndices(const Tensor&, int64_t axis, bool keepdim)>;

// Each line's selected value, and the position that `at` finds for it.
static std::vector<Sample> selections(const Selected& call, double (*of_line)(const Values&),
                                      bool last_position = false) {
  std::vector<Sample> out;
  const auto add = [&](const Operand& x, int axis, bool keepdim) {
    const auto reference = [=](Arrays& in) {
      Shape shape = in[0].shape;
      if (shape.rank() > 0) shape[axis] = 1;
      Array values(shape), indices(shape);
      int64_t line = 0;
      each_line(in[0], axis, [&](const Values& v, const std::vector<size_t>&) {
        const double wanted = of_line(v);
        values[line] = wanted;
        const auto first = std::find(v.begin(), v.end(), wanted) - v.begin();
        const auto last = v.rend() - std::find(v.rbegin(), v.rend(), wanted) - 1;
        indices[line++] = static_cast<double>(last_position ? last : first);
      });
      if (!keepdim && shape.rank() > 0) values.shape.erase(axis), indices.shape.erase(axis);
      return Arrays{values, indices};
    };
    const auto run = [=](const Tensors& in) {
      const auto [values, indices] = call(in[0], axis, keepdim);
      return Tensors{values, indices};
    };
    out.push_back(
        {.operands = {x}, .call = run, .reference = reference, .has_derivative = x.values.empty()});
  };
  add(Operand(Shape{}), 0, false);
  add({{7}}, 0, true);
  add({{3, 4}}, 1, false);
  add({{5, 3}}, 0, true);
  add({{2, 5, 2}}, 1, false);
  add({{0, 3}}, 1, false);
  add({{4, 300}}, 1, false);
  add(given(Shape{2, 6}, {1, 2, 2, 3, 3, 0, 2, 1, 1, 0, 0, 5}), 1, false);
  return out;
}

static double at_rank(Values v, int64_t rank) {
  std::sort(v.begin(), v.end());
  return v[static_cast<size_t>(rank)];
}
static double median_of(const Values& v) {
  return at_rank(v, (static_cast<int64_t>(v.size()) - 1) / 2);
}
static double most_frequent(const Values& v) {
  std::map<double, int> counts;
  for (const double x : v) ++counts[x];
  return std::max_element(counts.begin(), counts.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

static Sample of_all(Tensor (*f)(const Tensor&)) {
  return {.operands = {{{3, 4}}},
          .call = [f](const Tensors& x) { return Tensors{f(x[0])}; },
          .reference = [](Arrays& in) { return Arrays{Array({}, median_of(in[0].values))}; }};
}
static Sample ties_of_all(Tensor (*f)(const Tensor&)) {
  return {.operands = {vector_of({3, 1, 2, 2, 2, 1, 5})},
          .call = [f](const Tensors& x) { return Tensors{f(x[0])}; },
          .has_derivative = false};
}

static const Tensor kRanked = core::full({2, 3}, 1), kEmptyLine = core::full({3, 0}, 0);

TAPEHEAD_OP_TEST(kthvalue)
    .samples(selections([](const Tensor& x, int64_t axis,
                           bool keepdim) { return kthvalue(x, 1, axis, keepdim); },
                        [](const Values& v) { return at_rank(v, 0); }))
    .sample({.operands = {{{2, 90}}},
             .call =
                 [](const Tensors& x) {
                   return Tensors{kthvalue(x[0], 80).values, kthvalue(x[0], 2, 0, true).values};
                 }})
    .bad<ValueError>([] { kthvalue(kRanked, 0); },
                     "kthvalue: k = 0, but [2, 3] f32 has 3 elements along axis -1; pass 1..3")
    .bad<IndexError>([] { kthvalue(kRanked, 1, 2); },
                     "kthvalue: axis 2 is outside -2..1 of a tensor with 2 dimensions");
TAPEHEAD_OP_TEST(median)
    .samples(selections([](const Tensor& x, int64_t axis,
                           bool keepdim) { return median(x, axis, keepdim); },
                        median_of))
    .sample(of_all(median))
    .sample(ties_of_all(median))
    .bad<ShapeError>([] { median(kEmptyLine, 1); },
                     "median: [3, 0] f32 is empty along the reduced axes; their sizes must not be "
                     "0")
    .bad<ShapeError>([] { median(kEmptyLine); },
                     "median: [3, 0] f32 is empty along the reduced axes; their sizes must not be "
                     "0");
TAPEHEAD_OP_TEST(nanmedian)
    .samples(selections([](const Tensor& x, int64_t axis,
                           bool keepdim) { return nanmedian(x, axis, keepdim); },
                        median_of))
    .sample(of_all(nanmedian))
    .sample(ties_of_all(nanmedian))
    .bad<ShapeError>([] { nanmedian(kEmptyLine, 1); },
                     "nanmedian: [3, 0] f32 is empty along the reduced axes; their sizes must not "
                     "be 0");
TAPEHEAD_OP_TEST(mode)
    .samples(selections([](const Tensor& x, int64_t axis,
                           bool keepdim) { return mode(x, axis, keepdim); },
                        most_frequent, true))
    .bad<ShapeError>([] { mode(kEmptyLine); },
                     "mode: [3, 0] f32 is empty along the reduced axes; their sizes must not be 0");

static Sample sorted_by(std::function<Tensor(const Tensor&)> f, const Operand& x,
                        bool differentiable) {
  return {.operands = {x},
          .call = [f = std::move(f)](const Tensors& in) { return Tensors{f(in[0])}; },
          .differentiable = differentiable};
}

TAPEHEAD_OP_TEST(argsort)
    .sample({.operands = {vector_of({2, 1, 2, 1, 3})},
             .call =
                 [](const Tensors& x) {
                   return Tensors{argsort(x[0]), argsort(x[0], 0, true)};
                 },
             .reference =
                 [](Arrays&) {
                   Array up({5}), down({5});
                   up.values = {1, 3, 0, 2, 4}, down.values = {4, 0, 2, 1, 3};
                   return Arrays{up, down};
                 },
             .differentiable = false,
             .may_alias = false})
    .sample(sorted_by([](const Tensor& x) { return argsort(x, 0); }, {{4, 3}}, false))
    .bad<IndexError>([] { argsort(kRanked, 2); },
                     "argsort: axis 2 is outside -2..1 of a tensor with 2 dimensions");
TAPEHEAD_OP_TEST(msort).sample({.operands = {{{4, 3}}},
                                .call = [](const Tensors& x) { return Tensors{msort(x[0])}; },
                                .reference =
                                    [](Arrays& in) {
                                      Array out = in[0];
                                      each_line(in[0], 0,
                                                [&](Values v, const std::vector<size_t>& at) {
                                                  std::sort(v.begin(), v.end());
                                                  for (size_t i = 0; i < v.size(); ++i)
                                                    out.values[at[i]] = v[i];
                                                });
                                      return Arrays{out};
                                    }});
TAPEHEAD_OP_TEST(aminmax)
    .sample({.operands = {{{3, 4}}},
             .call =
                 [](const Tensors& x) {
                   const auto [low, high] = aminmax(x[0]);
                   return Tensors{low, high};
                 },
             .reference =
                 [](Arrays& in) {
                   const auto& v = in[0].values;
                   return Arrays{Array({}, *std::min_element(v.begin(), v.end())),
                                 Array({}, *std::max_element(v.begin(), v.end()))};
                 }})
    .sample({.operands = {{{3, 4}}},
             .call =
                 [](const Tensors& x) {
                   const auto [low, high] = aminmax(x[0], 0, true);
                   return Tensors{low, high};
                 }})
    .bad<ShapeError>([] { aminmax(kEmptyLine, -1); },
                     "aminmax: [3, 0] f32 is empty along the reduced axes; their sizes must not be "
                     "0")
    .bad<IndexError>([] { aminmax(kRanked, 2); },
                     "aminmax: axis 2 is outside -2..1 of a tensor with 2 dimensions");

using Quantile = Tensor (*)(const Tensor&, const Tensor&, std::optional<int64_t>, bool,
                            std::string_view);
static std::vector<Sample> quantiles(Quantile f) {
  std::vector<Sample> out;
  const auto reference = [](Arrays& in) {
    return Arrays{Array({}, (at_rank(in[0].values, 1) + at_rank(in[0].values, 2)) / 2)};
  };
  out.push_back(
      {.operands = {{{4}}},
       .call = [f](const Tensors& x) { return Tensors{f(x[0], 0.5, {}, false, "linear")}; },
       .reference = reference,
       .roundings = 3});
  const auto all = [f](const Tensor& x, const Tensor& q, const char* how) {
    return Tensors{f(x, q, 1, false, how), f(x, q, 0, true, how),
                   f(x, q.select(0, 0), {}, true, how)};
  };
  const std::vector<double> q{0.1, 0.8, 0.35};
  out.push_back({.operands = {{{3, 4}}, vector_of(q)},
                 .call = [=](const Tensors& x) { return all(x[0], x[1], "linear"); },
                 .roundings = 8});
  for (const char* how : {"midpoint", "lower", "higher", "nearest"})
    out.push_back({.operands = {{{3, 4}}},
                   .call = [=](const Tensors& x) { return all(x[0], from_vector(q), how); },
                   .roundings = 8});
  out.push_back({.operands = {Operand(Shape{})}, .call = [f](const Tensors& x) {
                   return Tensors{f(x[0], 0.3, 0, true, "linear")};
                 }});
  return out;
}

TAPEHEAD_OP_TEST(quantile)
    .samples(quantiles(quantile))
    .bad<ValueError>(
        [] {
          quantile(kRanked, tensor({0.5, 1.5}));
        },
        "quantile: q[1] = 1.5 is outside 0..1")
    .bad<ValueError>([] { quantile(kRanked, 0.5, {}, false, "cubic"); },
                     "quantile: there is no interpolation \"cubic\"; pass \"linear\", \"lower\", "
                     "\"higher\", \"nearest\" or \"midpoint\"")
    .bad<ShapeError>(
        [] {
          quantile(kRanked, core::full({1, 1}, 0.5));
        },
        "quantile: q is [1, 1] f32; it must be a number or [Q]")
    .bad<DTypeError>([] { quantile(kRanked, tensor({1})); },
                     "quantile: q is i64; it must be floating; convert with to(f32)")
    .bad<DTypeError>([] { quantile(kRanked.to(i64), 0.5); },
                     "quantile: expected a floating tensor, got [2, 3] i64; convert with to(f32)")
    .bad<ShapeError>([] { quantile(kEmptyLine, 0.5, 1); },
                     "quantile: [3, 0] f32 is empty along the reduced axes; their sizes must not "
                     "be 0");
TAPEHEAD_OP_TEST(nanquantile)
    .samples(quantiles(nanquantile))
    .bad<ValueError>([] { nanquantile(kRanked, -0.5); }, "nanquantile: q = -0.5 is outside 0..1");

}  // namespace tapehead::op_tests

namespace tapehead::selection_test {

using op_tests::kInf;

TEST_CASE("NaN: above all numbers in order, the result of medians and quantiles") {
  const double nan = std::nan("");
  const Tensor x = tensor({3.0, nan, 1.0, 2.0});
  CHECK(sort(x).indices.to_vector<int>() == std::vector{2, 3, 0, 1});
  CHECK(argsort(x, 0, true).to_vector<int>() == std::vector{1, 0, 3, 2});
  CHECK(topk(x, 1).indices.item<int>() == 1);
  CHECK(kthvalue(x, 3).indices.item<int>() == 0);
  CHECK(std::isnan(median(x).item()));
  CHECK(median(x, 0).indices.item<int>() == 1);
  CHECK(nanmedian(x).item() == 2);
  CHECK(nanmedian(x, 0).indices.item<int>() == 3);
  CHECK(std::isnan(nanmedian(x.slice(0, 1, 2)).item()));
  CHECK(std::isnan(quantile(x, 0.5).item()));
  CHECK(nanquantile(x, 0.75).item() == 2.5);
  CHECK(std::isnan(nanquantile(x.slice(0, 1, 2), 0.5).item()));
  const auto [values, indices] = cummax(tensor({1.0, nan, 2.0, nan}), 0);
  CHECK(indices.to_vector<int>() == std::vector{0, 1, 1, 3});
  CHECK(std::isnan(values[2].item()));
}

TEST_CASE("sorting keeps the order of 0 and -0, and their signs") {
  const Tensor x = tensor({0.0, -0.0, -1.0, 0.0});
  const auto [values, indices] = sort(x);
  CHECK(indices.to_vector<int>() == std::vector{2, 0, 1, 3});
  CHECK(signbit(values).to_vector<bool>() == std::vector{true, false, true, false});
}

TEST_CASE("every dtype is ordered, its limits included") {
  for (const DType dtype : {i8, i16, i32, i64, u8}) {
    CAPTURE(name(dtype));
    const auto [type, bits, low, high] = iinfo(dtype);
    const Tensor x = tensor({1, 0, 5}).to(dtype);
    const Tensor all = cat({core::full({1}, high, dtype), x, core::full({1}, low, dtype)});
    const Tensor sorted = repeat(all, {30}).msort();  // distributed, not compared
    CHECK(sorted[0].item<int64_t>() == low);
    CHECK(sorted[149].item<int64_t>() == high);
    CHECK(sorted[75].item<int64_t>() == 1);
    CHECK(mode(repeat(all, {30})).values.item<int64_t>() == low);
  }
  for (const DType dtype : {f32, f64, bf16, f16}) {
    CAPTURE(name(dtype));
    const Tensor x = repeat(tensor({1.0, -kInf, 0.5, kInf, -2.0}).to(dtype), {30});
    CHECK(sort(x, 0, true).values.index({Slice(0, None, 30)}).to_vector<double>() ==
          std::vector{kInf, 1.0, 0.5, -2.0, -kInf});
    CHECK(kthvalue(x, 61).values.item() == 0.5);
  }
}

}  // namespace tapehead::selection_test

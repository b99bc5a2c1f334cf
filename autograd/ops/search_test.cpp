#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/core/creation.h"
#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

static const Tensor kLine = tensor({1.0, 3.0, 3.0, 7.0});

static Sample searches(std::function<Tensors(const Tensor&)> call,
                       std::vector<std::vector<double>> wanted) {
  return {.operands = {given(Shape{2, 3}, {0, 3, 8, 1, 5, 7})},
          .call = [call = std::move(call)](const Tensors& x) { return call(x[0]); },
          .reference =
              [wanted = std::move(wanted)](Arrays& in) {
                Arrays out;
                for (const auto& values : wanted) out.push_back(in[0]), out.back().values = values;
                return out;
              },
          .differentiable = false,
          .may_repeat = false};
}

TAPEHEAD_OP_TEST(searchsorted)
    .sample(searches(
        [](const Tensor& x) {
          const Tensor mixed = tensor({7.0, 3.0, 1.0, 3.0});
          const Tensor lines = stack({kLine, kLine + 2});
          return Tensors{searchsorted(kLine, x), searchsorted(kLine, x, {.right = true}),
                         searchsorted(mixed, x, {.sorter = argsort(mixed)}),
                         searchsorted(lines, x)};
        },
        {{0, 1, 4, 0, 3, 3}, {0, 3, 4, 1, 3, 4}, {0, 1, 4, 0, 3, 3}, {0, 1, 4, 0, 1, 3}}))
    .bad<ShapeError>(
        [] {
          searchsorted(core::full({2, 3}, 1), core::full({3, 3}, 1));
        },
        "searchsorted: sorted_sequence is [2, 3], values is [3, 3]; the sequence must "
        "be [n] or have the leading axes of values")
    .bad<ShapeError>([] { searchsorted(kLine, kLine, {.sorter = arange(3)}); },
                     "searchsorted: sorter is [3], sorted_sequence is [4]; they must be of the "
                     "same shape")
    .bad<ValueError>(
        [] {
          searchsorted(tensor({2, 1}), kLine);
        },
        "searchsorted: sorted_sequence[1] is less than the element before it; sort it "
        "first");
TAPEHEAD_OP_TEST(bucketize)
    .sample(searches(
        [](const Tensor& x) {
          return Tensors{bucketize(x, kLine), bucketize(x, tensor({1, 3, 3, 7}), true)};
        },
        {{0, 1, 4, 0, 3, 3}, {0, 3, 4, 1, 3, 4}}))
    .bad<ShapeError>([] { bucketize(kLine, core::full({}, 1.0)); },
                     "bucketize: boundaries is [] f32; it must be [n]")
    .bad<ValueError>(
        [] {
          bucketize(kLine, tensor({1, 5, 4}));
        },
        "bucketize: boundaries[2] is less than the element before it; sort it first");
TAPEHEAD_OP_TEST(isin).sample(searches(
    [](const Tensor& x) {
      return Tensors{isin(x, tensor({7.0, 1.0, 3.0, 1.0})), isin(x, tensor({3, 9}), true),
                     isin(x, core::full({0}, 1))};
    },
    {{0, 1, 0, 1, 0, 1}, {1, 0, 1, 1, 1, 1}, {0, 0, 0, 0, 0, 0}}));

// Values, inverse and counts of [2, 6].
static Sample uniques(Unique (*f)(const Tensor&, const UniqueOptions&),
                      const std::vector<double>& values, const std::vector<double>& inverse,
                      const std::vector<double>& counts) {
  const auto call = [f](const Tensors& x) {
    const Unique found = f(x[0], {.return_inverse = true, .return_counts = true});
    return Tensors{found.values, found.inverse, found.counts, f(x[0], {}).values};
  };
  const auto reference = [=](Arrays& in) {
    const auto n = static_cast<int64_t>(values.size());
    Arrays out{Array({n}), in[0], Array({n}), Array({n})};
    out[0].values = out[3].values = values, out[1].values = inverse, out[2].values = counts;
    return out;
  };
  return {.operands = {given(Shape{2, 6}, {3, 1, 1, 2, 3, 3, 0, 0, 3, 1, 1, 1})},
          .call = call,
          .reference = reference,
          .differentiable = false,
          .may_repeat = false};
}
// The rows [1, 2], [0, 5], [0, 5], [1, 2], [0, 4], and the columns, which are in order.
static Sample unique_rows(Unique (*f)(const Tensor&, const UniqueOptions&),
                          const std::vector<double>& rows, const std::vector<double>& inverse,
                          const std::vector<double>& counts) {
  const auto call = [f](const Tensors& x) {
    const Unique found = f(x[0], {.return_inverse = true, .return_counts = true, .axis = 0});
    return Tensors{found.values, found.inverse, found.counts,
                   f(x[0].transpose(0, 1), {.axis = -1}).values, f(x[0], {.axis = 1}).values};
  };
  const auto reference = [=](Arrays& in) {
    const auto n = static_cast<int64_t>(counts.size());
    Arrays out{Array({n, 2}), Array({5}), Array({n}), Array({2, n}), in[0]};
    out[0].values = rows, out[1].values = inverse, out[2].values = counts;
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < 2; ++j) out[3](j, i) = out[0](i, j);
    return out;
  };
  return {.operands = {given(Shape{5, 2}, {1, 2, 0, 5, 0, 5, 1, 2, 0, 4})},
          .call = call,
          .reference = reference,
          .differentiable = false,
          .may_repeat = false};
}

TAPEHEAD_OP_TEST(unique)
    .sample(uniques(unique, {0, 1, 2, 3}, {3, 1, 1, 2, 3, 3, 0, 0, 3, 1, 1, 1}, {2, 5, 1, 4}))
    .sample(unique_rows(unique, {0, 4, 0, 5, 1, 2}, {2, 1, 1, 2, 0}, {1, 2, 2}))
    .not_twice_differentiable("a set has no gradient, as in PyTorch")
    .bad<IndexError>([] { unique(kLine, {.axis = 1}); },
                     "unique: axis 1 is outside -1..0 of a tensor with 1 dimension");
TAPEHEAD_OP_TEST(unique_consecutive)
    .sample(uniques(unique_consecutive, {3, 1, 2, 3, 0, 3, 1}, {0, 1, 1, 2, 3, 3, 4, 4, 5, 6, 6, 6},
                    {1, 2, 1, 2, 2, 1, 3}))
    .sample(unique_rows(unique_consecutive, {1, 2, 0, 5, 1, 2, 0, 4}, {0, 1, 1, 2, 3},
                        {1, 2, 1, 1}))
    .not_twice_differentiable("a set has no gradient, as in PyTorch")
    .bad<IndexError>([] { unique_consecutive(kLine, {.axis = 1}); },
                     "unique_consecutive: axis 1 is outside -1..0 of a tensor with 1 dimension");

}  // namespace tapehead::op_tests

namespace tapehead::search_test {

TEST_CASE("NaN in sets: each differs from every other, and is found behind all numbers") {
  const double nan = std::nan("");
  const Tensor x = tensor({nan, 1.0, nan, 1.0});
  CHECK(unique(x).values.numel() == 3);
  CHECK(isin(x, x).to_vector<bool>() == std::vector{false, true, false, true});
  CHECK(bucketize(x, tensor({0.0, 2.0, nan})).to_vector<int>() == std::vector{2, 1, 2, 1});
  CHECK(bucketize(x, tensor({0.0, 2.0, nan}), true).to_vector<int>() == std::vector{3, 1, 3, 1});
}

TEST_CASE("empty sets") {
  const Tensor none = core::full({0}, 1.0);
  const Unique found = unique(none, {.return_inverse = true, .return_counts = true});
  CHECK(found.values.numel() == 0);
  CHECK(found.inverse.numel() == 0);
  CHECK(found.counts.numel() == 0);
  CHECK(unique(core::full({0, 3}, 1), {.return_counts = true, .axis = 0}).counts.numel() == 0);
  CHECK(searchsorted(none, tensor({1.0, 2.0})).to_vector<int>() == std::vector{0, 0});
  CHECK(searchsorted(core::full({2, 0}, 1.0), core::full({2, 3}, 1.0)).numel() == 6);
  CHECK(unique(core::full({}, 5)).values.item() == 5);
}

}  // namespace tapehead::search_test

#include <doctest/doctest.h>

#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/allocator.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

TAPEHEAD_OP_TEST(slice)
    .sample({{{{3, 5}}},
             [](const Tensors& in) { return Tensors{in[0].slice(1, 1, 3)}; },
             [](Arrays& in) { return Arrays{columns(in[0], 1, 2)}; }})
    .sample({{{{3, 5}}},
             [](const Tensors& in) {
               return Tensors{in[0].slice(-1, {-5, -1, 2})};
             },
             [](Arrays& in) { return Arrays{columns(in[0], 0, 2, 2)}; }})
    .sample({{{{3, 5}}},
             [](const Tensors& in) { return Tensors{in[0].slice(1, Slice(1, 99, 3))}; },
             [](Arrays& in) { return Arrays{columns(in[0], 1, 2, 3)}; }})
    .sample({{{{3, 5}}},
             [](const Tensors& in) { return Tensors{in[0].slice(1, 4, 2)}; },
             [](Arrays& in) { return Arrays{columns(in[0], 0, 0)}; }})
    // Overlapping parts of one tensor: their gradients share a buffer.
    .sample({.operands = {{{3, 5}}},
             .call =
                 [](const Tensors& in) {
                   const Tensor& x = in[0];
                   return Tensors{x.slice(1, 0, 3) * x.slice(1, 1, 4) +
                                  x.select(1, 4).unsqueeze(1) * 2};
                 },
             .reference =
                 [](Arrays& in) {
                   Array out = columns(in[0], 0, 3);
                   for (int64_t i = 0; i < 3; ++i)
                     for (int64_t j = 0; j < 3; ++j)
                       out(i, j) = in[0](i, j) * in[0](i, j + 1) + in[0](i, 4) * 2;
                   return Arrays{out};
                 },
             .roundings = 3})
    .bad<ValueError>([] { ones({3}).slice(0, Slice(None, None, 0)); },
                     "slice: the step is 0; it must not be")
    .bad<IndexError>([] { ones({3}).slice(1, 0, 1); },
                     "slice: axis 1 is outside -1..0 of a tensor with 1 dimension")
    .bad<IndexError>([] { ones({}).slice(0, 0, 1); }, "slice: a 0-d tensor has no axes");

TAPEHEAD_OP_TEST(select)
    .sample({{{{3, 5}}},
             [](const Tensors& in) { return Tensors{in[0].select(1, -2)}; },
             [](Arrays& in) { return Arrays{reshaped(columns(in[0], 3, 1), {3})}; }})
    .bad<IndexError>(
        [] {
          ones({3, 4}).select(0, 3);
        },
        "select: position 3 is outside -3..2 of axis 0 of [3, 4] f32")
    .bad<IndexError>([] { ones({}).select(0, 0); }, "select: a 0-d tensor has no axes");

TAPEHEAD_OP_TEST(diagonal)
    .sample({{{{3, 5}}},
             [](const Tensors& in) { return Tensors{diagonal(in[0], 1)}; },
             [](Arrays& in) {
               Array out({3});
               for (int64_t i = 0; i < 3; ++i) out(i) = in[0](i, i + 1);
               return Arrays{out};
             }})
    .sample({{{{2, 3, 4}}},
             [](const Tensors& in) { return Tensors{diagonal(in[0], -1, -1, 1)}; },
             [](Arrays& in) {
               Array out({2, 3});
               for (int64_t b = 0; b < 2; ++b)
                 for (int64_t i = 0; i < 3; ++i) out(b, i) = in[0](b, i, i + 1);
               return Arrays{out};
             }})
    .sample({{{{2, 3}}},
             [](const Tensors& in) { return Tensors{diagonal(in[0], 7)}; },
             [](Arrays&) { return Arrays{Array({0})}; }})
    .bad<ShapeError>(
        [] {
          diagonal(ones({2, 3}), 0, 1, -1);
        },
        "diagonal: axes 1 and -1 of [2, 3] f32 are the same");

}  // namespace tapehead::op_tests

// Behaviour that the table does not cover.
namespace tapehead {
namespace {

TEST_CASE("views share storage where strides allow it, and copy where they do not") {
  const Tensor x = arange(24).reshape({2, 3, 4});
  const auto shares = [&](const Tensor& t) { return t.impl()->storage == x.impl()->storage; };
  CHECK(shares(x.reshape({6, 4})));
  CHECK(shares(x.slice(1, {0, 3, 2})));
  CHECK(shares(x[1]));
  CHECK(shares(x.transpose(0, 2).transpose(2, 0).flatten()));
  CHECK(shares(x.slice(2, 0, 2).reshape({3, 2, 2}).reshape({6, 2})) == true);
  CHECK(shares(x.transpose(0, 1).unsqueeze(1).squeeze()));
  CHECK_FALSE(shares(x.transpose(0, 1).reshape({6, 4})));
  CHECK(x.transpose(0, 1).reshape({6, 4})[1].to_vector<int64_t>() ==
        std::vector<int64_t>{12, 13, 14, 15});
  CHECK(shares(x.contiguous()));
  CHECK_FALSE(shares(x.transpose(0, 1).contiguous()));
  CHECK_FALSE(shares(x.clone()));
  CHECK(shares(split(x, 1, 1)[2]));
  CHECK(shares(diagonal(x, 1, 1, 2)));
}

TEST_CASE("steps and diagonals larger than the tensor") {
  const Tensor x = arange(6).reshape({2, 3});
  const std::vector<int64_t> all = x.to_vector<int64_t>();
  CHECK(x.slice(0, {0, 2, INT64_MAX}).to_vector<int64_t>() == std::vector<int64_t>{0, 1, 2});
  CHECK(diagonal(x, INT64_MAX).numel() == 0);
  CHECK(diagonal(x, INT64_MIN).numel() == 0);
  CHECK(tril(x, INT64_MAX).to_vector<int64_t>() == all);
  CHECK(triu(x, INT64_MIN).to_vector<int64_t>() == all);
  CHECK(tril(x, INT64_MIN).to_vector<int64_t>() == std::vector<int64_t>(6));
  CHECK(triu(x, INT64_MAX).to_vector<int64_t>() == std::vector<int64_t>(6));
  CHECK(pad(x, {INT64_MIN, INT64_MAX}).to_vector<int64_t>() == std::vector<int64_t>(4));
}

TEST_CASE("gradients of slices meet in one buffer") {
  Tensor x = randn({8, 64, 16});
  x.set_requires_grad();
  const auto loss_of = [&] {
    Tensor loss = 0;
    for (int64_t t = 0; t < 64; ++t) loss = loss + sum(x.select(1, t) * static_cast<double>(t));
    return loss;
  };
  const Tensor loss = loss_of();
  reset_peak_memory();
  const int64_t before = memory_stats().live_bytes;
  loss.backward();
  const int64_t extra = memory_stats().peak_bytes - before;
  CHECK(extra < 3 * x.numel() * 4);  // naively there would be 64 gradients of this size
  const Tensor wanted = arange(64, f32).reshape({1, 64, 1}).expand({8, 64, 16});
  CHECK(x.grad().to_vector<float>() == wanted.to_vector<float>());
  loss_of().backward();  // accumulates in the leaf
  CHECK(x.grad().to_vector<float>() == (wanted * 2).to_vector<float>());
}

TEST_CASE(
    "slices, and other uses of one tensor, give the same gradient as without the shared buffer") {
  Tensor x = randn({6, 5}, f64);
  x.set_requires_grad();
  const auto loss = [&] {
    const Tensor y = x * x;
    return sum(y) + sum(y.slice(0, 0, 4) * y[5]) + sum(y.slice(1, {1, 5, 2}) * 3) +
           sum(diagonal(y)) + sum(gather(y, 1, tensor({{0, 0}, {4, 4}}))) +
           sum(index_select(y, 0, tensor({2, 2, 3})));
  };
  const Tensor fast = grad({loss()}, {x})[0];
  const Tensor slow = grad({loss()}, {x}, {.create_graph = true})[0];  // with the recorded formulas
  const std::vector<double> a = fast.to_vector<double>(), b = slow.to_vector<double>();
  for (size_t i = 0; i < a.size(); ++i) CHECK(a[i] == doctest::Approx(b[i]));
}

TEST_CASE("an expanded gradient is not changed in place by a slice") {
  Tensor x = ones({3, 2}, f64);
  x.set_requires_grad();
  const Tensor y = x * 1;
  (sum(y[0] * 5) + sum(y)).backward();  // the gradient of sum, an expanded view, arrives first
  CHECK(x.grad().to_vector<double>() == std::vector<double>{6, 6, 1, 1, 1, 1});
}

TEST_CASE("to: values and gradients change their type") {
  Tensor x = tensor({1.0, 2.5}, bf16);
  x.set_requires_grad();
  const Tensor y = x.to(f64);
  CHECK(y.to_vector<double>() == std::vector<double>{1, 2.5});
  sum(y * tensor({3.0, 4.0}, f64)).backward();
  CHECK(x.grad().dtype() == bf16);
  CHECK(x.grad().to_vector<double>() == std::vector<double>{3, 4});
  CHECK(x.to(bf16).is_same(x));
  CHECK_FALSE(x.to(i64).requires_grad());
  CHECK(tensor({-1.75, 300.0}).to(i32).to_vector<int32_t>() == std::vector<int32_t>{-1, 300});
  CHECK(tensor({0.0, 0.5}).to(boolean).to_vector<bool>() == std::vector<bool>{false, true});
}

TEST_CASE("a reshaped number is not weakly typed") {
  const Tensor two = Tensor(2.0).reshape({1});
  CHECK((two * ones({3}, f32)).dtype() == f64);
  CHECK((Tensor(2.0) * ones({3}, f32)).dtype() == f32);
}

}  // namespace
}  // namespace tapehead

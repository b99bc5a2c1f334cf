#include <doctest/doctest.h>

#include "tapehead/core/creation.h"
#include "tapehead/core/format.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

// Sets or adds to rows 3 and 0 of the first operand.
Arrays with_rows(Arrays& in, bool accumulate) {
  Array out = in[0];
  for (int64_t i = 0; i < 2; ++i)
    for (int64_t j = 0; j < 3; ++j)
      out(i == 0 ? 3 : 0, j) = in[1](i, j) + (accumulate ? out(i == 0 ? 3 : 0, j) : 0);
  return {out};
}

}  // namespace

TAPEHEAD_OP_TEST(index)
    .sample({{Operand({3, 4})},  // x[1:, None, 2]
             [](const Tensors& in) {
               return Tensors{index(in[0], {Slice(1), None, 2})};
             },
             [](Arrays& in) {
               Array out({2, 1});
               for (int64_t i = 0; i < 2; ++i) out(i, 0) = in[0](i + 1, 2);
               return Arrays{out};
             }})
    .sample({{Operand({2, 3, 4})},  // x[:, [2, 0, 2]]
             [](const Tensors& in) {
               return Tensors{index(in[0], {Slice(), tensor({2, 0, 2})})};
             },
             [](Arrays& in) {
               Array out({2, 3, 4});
               for (int64_t i = 0; i < 2; ++i)
                 for (int64_t j = 0; j < 3; ++j)
                   for (int64_t k = 0; k < 4; ++k) out(i, j, k) = in[0](i, j == 1 ? 0 : 2, k);
               return Arrays{out};
             }})
    .sample({{Operand({2, 3, 4})},  // x[[1, 0], :, [3, 1]]: axes that are not adjacent
             [](const Tensors& in) {
               return Tensors{index(in[0], {tensor({1, 0}), Slice(), tensor({3, 1})})};
             },
             [](Arrays& in) {
               Array out({2, 3});
               for (int64_t i = 0; i < 2; ++i)
                 for (int64_t j = 0; j < 3; ++j) out(i, j) = in[0](1 - i, j, 3 - 2 * i);
               return Arrays{out};
             }})
    .sample({{Operand({3, 2, 2, 2})},  // x[:, [1, 0], :, [0, 1]]
             [](const Tensors& in) {
               return Tensors{index(in[0], {Slice(), tensor({1, 0}), Slice(), tensor({0, 1})})};
             },
             [](Arrays& in) {
               Array out({2, 3, 2});
               for (int64_t i = 0; i < 2; ++i)
                 for (int64_t j = 0; j < 3; ++j)
                   for (int64_t k = 0; k < 2; ++k) out(i, j, k) = in[0](j, 1 - i, k, i);
               return Arrays{out};
             }})
    .sample({{Operand({2, 2, 2})},  // x[..., mask]
             [](const Tensors& in) {
               return Tensors{index(in[0], {Ellipsis, tensor({{false, true}, {true, false}})})};
             },
             [](Arrays& in) {
               Array out({2, 2});
               for (int64_t i = 0; i < 2; ++i) {
                 out(i, 0) = in[0](i, 0, 1);
                 out(i, 1) = in[0](i, 1, 0);
               }
               return Arrays{out};
             }})
    .sample({{Operand({3, 5})},  // x[::-1, [[-1], [0]]], x[:0:-2]
             [](const Tensors& in) {
               return Tensors{index(in[0], {Slice(None, None, -1), tensor({{-1}, {0}})}),
                              index(in[0], {Slice(None, 0, -2)})};
             },
             [](Arrays& in) {
               Array out({3, 2, 1}), row({1, 5});
               for (int64_t i = 0; i < 3; ++i) {
                 out(i, 0, 0) = in[0](2 - i, 4);
                 out(i, 1, 0) = in[0](2 - i, 0);
               }
               for (int64_t j = 0; j < 5; ++j) row(0, j) = in[0](2, j);
               return Arrays{out, row};
             }})
    .bad<IndexError>([] { index(zeros({3}), {}); }, "index: no indices; pass at least one")
    .bad<IndexError>(
        [] {
          index(zeros({3}), {Slice(), 0});
        },
        "index: the indices are for 2 axes, x is [3] f32; pass at most 1")
    .bad<IndexError>(
        [] {
          index(zeros({3}), {Ellipsis, 0, Ellipsis});
        },
        "index: 2 of the indices are Ellipsis; pass one")
    .bad<IndexError>(
        [] {
          index(zeros({3, 2}), {Slice(), tensor({0, 2})});
        },
        "index: indices[1][1] = 2 is outside -2..1")
    .bad<DTypeError>([] { index(zeros({3}), {tensor({0.0})}); },
                     "index: indices[0] is f32; indices must be integers; convert with to(i64)")
    .bad<ShapeError>(
        [] {
          index(zeros({3, 2}), {0, tensor({true})});
        },
        "index: the mask is [1] bool, x is [2] f32; the mask must match the axes that "
        "it indexes");

TAPEHEAD_OP_TEST(index_put)
    .sample({{Operand({4, 3}), Operand({2, 3})},
             [](const Tensors& in) {
               return Tensors{index_put(in[0], {tensor({3, 0})}, in[1])};
             },
             [](Arrays& in) { return with_rows(in, false); }})
    .sample({{Operand({4, 3}), Operand({2, 3})},
             [](const Tensors& in) {
               return Tensors{index_put(in[0], {tensor({3, 0})}, in[1], true)};
             },
             [](Arrays& in) { return with_rows(in, true); },
             2})
    .sample({{Operand({2, 3, 2}), Operand({2, 1, 2})},  // x[[[1], [0]], [2, 0]]
             [](const Tensors& in) {
               return Tensors{index_put(in[0], {tensor({{1}, {0}}), tensor({2, 0})}, in[1])};
             },
             [](Arrays& in) {
               Array out = in[0];
               for (int64_t i = 0; i < 2; ++i)
                 for (const int64_t j : {2, 0})
                   for (int64_t k = 0; k < 2; ++k) out(1 - i, j, k) = in[1](i, 0, k);
               return Arrays{out};
             }})
    .sample({{Operand({2, 3}), Operand({})},
             [](const Tensors& in) {
               return Tensors{
                   index_put(in[0], {tensor({{true, false, true}, {false, false, true}})}, in[1])};
             },
             [](Arrays& in) {
               Array out = in[0];
               out(0, 0) = out(0, 2) = out(1, 2) = in[1][0];
               return Arrays{out};
             }})
    .sample({{Operand({2, 3, 2}), Operand({2, 2})},  // x[:, [2, 0], 1]
             [](const Tensors& in) {
               return Tensors{index_put(in[0], {Slice(), tensor({2, 0}), 1}, in[1])};
             },
             [](Arrays& in) {
               Array out = in[0];
               for (int64_t i = 0; i < 2; ++i) {
                 out(i, 2, 1) = in[1](i, 0);
                 out(i, 0, 1) = in[1](i, 1);
               }
               return Arrays{out};
             }})
    .sample({{Operand({2, 3, 3}), Operand({3, 2})},  // x[..., [2, 0]]
             [](const Tensors& in) {
               return Tensors{index_put(in[0], {Ellipsis, tensor({2, 0})}, in[1])};
             },
             [](Arrays& in) {
               Array out = in[0];
               for (int64_t i = 0; i < 2; ++i) {
                 for (int64_t j = 0; j < 3; ++j) {
                   out(i, j, 2) = in[1](j, 0);
                   out(i, j, 0) = in[1](j, 1);
                 }
               }
               return Arrays{out};
             }})
    .sample({{Operand({3, 2}), Operand({2})},  // x[1:, 0] += y
             [](const Tensors& in) {
               return Tensors{index_put(in[0], {Slice(1), 0}, in[1], true)};
             },
             [](Arrays& in) {
               Array out = in[0];
               for (int64_t i = 0; i < 2; ++i) out(i + 1, 0) += in[1][i];
               return Arrays{out};
             }})
    .bad<IndexError>(
        [] {
          index_put(zeros({3, 2}), {tensor({0, 3})}, 1);
        },
        "index_put: indices[0][1] = 3 is outside -3..2")
    .bad<IndexError>(
        [] {
          index_put(zeros({3}), {tensor({0}), tensor({0})}, 1);
        },
        "index_put: the indices are for 2 axes, x is [3] f32; pass at most 1")
    .bad<IndexError>([] { index_put(zeros({3}), {}, 1); },
                     "index_put: no indices; pass at least one")
    .bad<ShapeError>(
        [] {
          index_put(zeros({3, 2}), {tensor({0, 1})}, zeros({3}));
        },
        "index_put: the values are [3] f32; they must broadcast to [2, 2]")
    .bad<ShapeError>(
        [] {
          index_put(zeros({3, 2}), {tensor({true, false})}, 1);
        },
        "index_put: the mask is [2] bool, x is [3, 2] f32; the mask must match "
        "the axes that it indexes")
    .bad<ShapeError>(
        [] {
          index_put(zeros({3, 3}), {tensor({0, 1}), tensor({0, 1, 2})}, 1);
        },
        "index_put: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in the other; "
        "sizes must be equal or 1");

}  // namespace tapehead::op_tests

namespace tapehead {
namespace {

using testing::Doubles;
using testing::values;

TEST_CASE("what x.index() selects can be assigned and changed") {
  const auto fresh = [] { return arange(6, f64).reshape({2, 3}); };
  const Tensor rows = tensor({1, -1});
  Tensor x = fresh();
  x.index({x > 3}) = 0;
  CHECK(values(x) == Doubles{0, 1, 2, 3, 0, 0});
  x.index({x == 0}) += 10;
  CHECK(values(x) == Doubles{10, 1, 2, 3, 10, 10});
  x.index({rows, 0}) *= 2;  // selected twice, changed once
  CHECK(values(x) == Doubles{10, 1, 2, 6, 10, 10});
  x.index({0}) = fresh().index({1, Slice(None, None, -1)});
  CHECK(values(x) == Doubles{5, 4, 3, 6, 10, 10});
  x.index({Slice(), Slice(None, None, -2)}) = tensor({{1, 2}, {3, 4}});
  CHECK(values(x) == Doubles{2, 4, 1, 4, 10, 3});
  x.index({1, Slice(None, None, -1)}) -= tensor({1, 2, 3});
  CHECK(values(x) == Doubles{2, 4, 1, 1, 8, 2});

  auto part = x.index({rows});
  part = part * 2;  // a variable is rebound
  part += 1;
  CHECK(values(part) == Doubles{3, 17, 5, 3, 17, 5});
  CHECK(values(x) == Doubles{2, 4, 1, 1, 8, 2});
  CHECK(fmt::format("{}", x.index({0, tensor({1})})) == fmt::format("{}", tensor({4.0}, f64)));

  Tensor w = ones({2}, f64).set_requires_grad();
  const Tensor y = zeros({2, 3}, f64);
  y.index({Slice(None, None, -1), tensor({0})}) = w.reshape({2, 1});
  y.index({y == 1}) *= w * 3;
  CHECK(values(y) == Doubles{3, 0, 0, 3, 0, 0});
  sum(y * tensor({{1, 0, 0}, {10, 0, 0}})).backward();
  CHECK(values(w.grad()) == Doubles{30 + 3, 3 + 30});
}

TEST_CASE("slices with negative steps are Python's") {
  const Tensor x = arange(5);
  const auto sliced = [&](std::optional<int64_t> from, std::optional<int64_t> to, int64_t step) {
    return values(x.slice(0, Slice(from, to, step)));
  };
  CHECK(sliced(None, None, -1) == Doubles{4, 3, 2, 1, 0});
  CHECK(sliced(None, None, -2) == Doubles{4, 2, 0});
  CHECK(sliced(3, 0, -2) == Doubles{3, 1});
  CHECK(sliced(-2, -6, -1) == Doubles{3, 2, 1, 0});
  CHECK(sliced(9, 1, -1) == Doubles{4, 3, 2});
  CHECK(sliced(1, 3, -1).empty());
  CHECK(sliced(1, -9, INT64_MIN) == Doubles{1});
  CHECK(x.slice(0, 5, 0, -3).numel() == 2);
  CHECK(arange(0).slice(0, Slice(None, None, -1)).numel() == 0);
  for (const Tensor& copy : {x.slice(0, {None, None, -1}), index(x, {Slice(None, None, -1)})})
    CHECK(copy.is_contiguous());
}

TEST_CASE("index_put_ changes elements in place, through views, and is recorded") {
  const Tensor x = zeros({3, 4}, f64);
  x.transpose(0, 1).index_put_({tensor({1, 3}), tensor({2, 0})}, tensor({5, 6}));
  CHECK(values(x) == Doubles{0, 0, 0, 6, 0, 0, 0, 0, 0, 5, 0, 0});
  x[2].index_put_({tensor({1, 1})}, 1, true);
  CHECK(x[2][1].item() == 7);

  // x[1:, 0] = 3, x[..., [1]] += 1
  x.index_put_({Slice(1), 0}, 3);
  x.index_put_({Ellipsis, tensor({1})}, 1, true);
  CHECK(values(x) == Doubles{0, 1, 0, 6, 3, 1, 0, 0, 3, 8, 0, 0});

  Tensor w = ones({2}, f64).set_requires_grad();
  x.index_put_({tensor({0, 1}), tensor({0, 0})}, w * 3);
  (x * 2).sum().backward();
  CHECK(values(w.grad()) == Doubles{6, 6});

  w.set_grad({});
  const Tensor y = zeros({2, 3}, f64);
  y.index_put_({Slice(), 1}, w);
  y.index_put_({Slice(), tensor({2, 0})}, w * 5);
  CHECK(values(y) == Doubles{5, 1, 5, 5, 1, 5});
  y.sum().backward();
  CHECK(values(w.grad()) == Doubles{11, 11});
}

}  // namespace
}  // namespace tapehead

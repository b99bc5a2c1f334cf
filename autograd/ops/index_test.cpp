#include <doctest/doctest.h>

#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/parallel.h"
#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

// Rows of a table [n, width]; the result has the shape of the indices plus the width.
Array rows_of(Array& table, Array& ids) {
  const int64_t width = table.shape[1];
  Shape shape = ids.shape;
  shape.push_back(width);
  Array out(shape);
  for (int64_t i = 0; i < out.numel(); ++i)
    out[i] = table(static_cast<int64_t>(ids[i / width]), i % width);
  return out;
}

}  // namespace

TAPEHEAD_OP_TEST(index_select)
    .sample({{Operand({5, 3}), indices({7}, 5)},
             [](const Tensors& in) { return Tensors{index_select(in[0], 0, in[1])}; },
             [](Arrays& in) { return Arrays{rows_of(in[0], in[1])}; }})
    .sample({{Operand({2, 4, 3}), indices({2}, 4)},
             [](const Tensors& in) { return Tensors{index_select(in[0], -2, in[1])}; },
             [](Arrays& in) {
               Array out({2, 2, 3});
               for (int64_t i = 0; i < 2; ++i)
                 for (int64_t j = 0; j < 2; ++j)
                   for (int64_t k = 0; k < 3; ++k)
                     out(i, j, k) = in[0](i, static_cast<int64_t>(in[1](j)), k);
               return Arrays{out};
             }})
    .sample({{Operand({5, 3}), indices({0}, 5)},
             [](const Tensors& in) { return Tensors{index_select(in[0], 0, in[1])}; },
             [](Arrays&) {
               return Arrays{Array({0, 3})};
             }})
    .bad<IndexError>(
        [] {
          index_select(zeros({3, 2}), 1, tensor({0, 2}));
        },
        "index_select: indices[1] = 2 is outside 0..1")
    .bad<DTypeError>([] { index_select(zeros({3}), 0, tensor({0.5})); },
                     "index_select: indices is f32; indices must be integers; convert with to(i64)")
    .bad<ShapeError>([] { index_select(zeros({3}), 0, tensor(0)); },
                     "index_select: indices is [] i64; it must have one axis")
    .bad<ShapeError>([] { index_select(zeros({}), 0, tensor({0})); },
                     "index_select: a 0-d tensor has no axes");

TAPEHEAD_OP_TEST(index_add)
    .sample({{Operand({5, 3}), indices({7}, 5), Operand({7, 3})},
             [](const Tensors& in) { return Tensors{index_add(in[0], 0, in[1], in[2])}; },
             [](Arrays& in) {
               Array out = in[0];
               for (int64_t i = 0; i < 7; ++i)
                 for (int64_t j = 0; j < 3; ++j)
                   out(static_cast<int64_t>(in[1](i)), j) += in[2](i, j);
               return Arrays{out};
             },
             8})
    .bad<ShapeError>(
        [] {
          index_add(zeros({3, 2}), 1, tensor({0}), zeros({3, 2}));
        },
        "index_add: source is [3, 2] f32; with 1 indices for axis 1 of [3, 2] f32 it must be "
        "[3, 1]");

TAPEHEAD_OP_TEST(take)
    .sample({{Operand({2, 3}), given(indices({2, 2}, 6), {0, -1, 4, -1})},
             [](const Tensors& in) { return Tensors{take(in[0], in[1])}; },
             [](Arrays& in) {
               Array out({2, 2});
               out[0] = in[0][0], out[1] = out[3] = in[0][5], out[2] = in[0][4];
               return Arrays{out};
             }})
    .bad<IndexError>(
        [] {
          take(zeros({2, 3}), tensor({-7}));
        },
        "take: indices[0] = -7 is outside -6..5");

TAPEHEAD_OP_TEST(embedding)
    .sample({.operands = {Operand({4, 3}), given(indices({2, 3}, 4), {1, 3, 3, 0, 1, 1})},
             .call =
                 [](const Tensors& in) {
                   return Tensors{embedding(in[0], in[1], {.scale_grad_by_freq = true})};
                 },
             .reference = [](Arrays& in) { return Arrays{rows_of(in[0], in[1])}; },
             .has_derivative = false})
    .sample({{Operand({5, 3}), indices({2, 4}, 5)},
             [](const Tensors& in) { return Tensors{embedding(in[0], in[1])}; },
             [](Arrays& in) { return Arrays{rows_of(in[0], in[1])}; }})
    .sample({{Operand({5, 3}), indices({}, 5)},
             [](const Tensors& in) { return Tensors{embedding(in[0], in[1])}; },
             [](Arrays& in) { return Arrays{rows_of(in[0], in[1])}; }})
    .sample({.operands = {Operand({4, 3}), given(indices({2, 3}, 4), {1, 3, 3, 0, 1, 1})},
             .call =
                 [](const Tensors& in) {
                   return Tensors{embedding(in[0], in[1], {.padding_idx = 3})};
                 },
             .reference = [](Arrays& in) { return Arrays{rows_of(in[0], in[1])}; },
             .has_derivative = false})
    .sample({.operands = {Operand({4, 3}), given(indices({2}, 4), {1, 1})},  // only padding
             .call =
                 [](const Tensors& in) {
                   return Tensors{embedding(in[0], in[1], {.padding_idx = 1})};
                 },
             .reference = [](Arrays& in) { return Arrays{rows_of(in[0], in[1])}; },
             .has_derivative = false})
    .bad<IndexError>(
        [] {
          Tensor ids = zeros({5, 9}, i32);
          ids[3][7].fill_(6001);
          embedding(zeros({6000, 2}), ids);
        },
        "embedding: ids[3, 7] = 6001 is outside 0..5999")
    .bad<IndexError>(
        [] {
          embedding(zeros({3, 2}), tensor({1}), {.padding_idx = 3});
        },
        "embedding: padding_idx = 3 is outside -3..2")
    .bad<DTypeError>(
        [] {
          embedding(zeros({3, 2}), tensor({1.0}));
        },
        "embedding: ids is f32; indices must be integers; convert with to(i64)")
    .bad<ShapeError>([] { embedding(zeros({3}), tensor({1})); },
                     "embedding: weight is [3] f32; it must have two axes, [ids, width]");

}  // namespace tapehead::op_tests

// Behaviour that the table does not cover.
namespace tapehead {
namespace {

TEST_CASE("embedding: the padding row gets no gradient") {
  Tensor weight = randn({4, 3}, f64);
  weight.set_requires_grad();
  const Tensor ids = tensor({{1, 3, 3}, {0, 1, 1}});
  for (const int64_t padding : {3, -1}) {
    CAPTURE(padding);
    const auto loss = [&] { return sum(embedding(weight, ids, {.padding_idx = padding})); };
    const std::vector<double> wanted{1, 1, 1, 3, 3, 3, 0, 0, 0, 0, 0, 0};
    CHECK(grad({loss()}, {weight})[0].to_vector<double>() == wanted);
    CHECK(grad({loss()}, {weight}, {.create_graph = true})[0].to_vector<double>() == wanted);
  }
}

TEST_CASE("embedding: the gradient has the same bits on any number of threads") {
  Tensor weight = zeros({50, 33});
  weight.set_requires_grad();
  const Tensor ids = randint(50, {3000}), dy = randn({3000, 33});
  const auto run = [&](int threads) {
    set_num_threads(threads);
    return grad({sum(embedding(weight, ids) * dy)}, {weight})[0].to_vector<float>();
  };
  const int before = num_threads();
  const std::vector<float> one = run(1);
  CHECK(run(2) == one);
  CHECK(run(5) == one);
  set_num_threads(before);
}

TEST_CASE("embedding: few ids of a large table and many of a small one") {
  for (const int64_t rows : {3, 100000}) {
    CAPTURE(rows);
    Tensor weight = zeros({rows, 2}, f64);
    weight.set_requires_grad();
    sum(embedding(weight, tensor({1, 2, 1, 1}, i32)) * tensor({1.0, 10.0}, f64)).backward();
    CHECK(weight.grad().slice(0, 0, 3).to_vector<double>() ==
          std::vector<double>{0, 0, 3, 30, 1, 10});
    sum(embedding(weight, tensor({0, 2, 2}), {.padding_idx = 2})).backward();
    CHECK(weight.grad().slice(0, 0, 3).to_vector<double>() ==
          std::vector<double>{1, 1, 3, 30, 1, 10});
  }
}

TEST_CASE("embedding: a long sum in bf16 and f32 keeps its precision") {
  for (const DType dtype : {f32, bf16, f16}) {
    const double sum_of_ones = dtype == f16 ? 60000 : 100000;
    Tensor weight = zeros({2, 1}, dtype);
    weight.set_requires_grad();
    sum(embedding(weight, ones({static_cast<int64_t>(sum_of_ones)}, i64))).backward();
    CHECK(weight.grad()[1].item() ==
          doctest::Approx(sum_of_ones).epsilon(dtype == f32 ? 1e-7 : 4e-3));
  }
}

TEST_CASE("scatter_add sums repeated positions, in bf16 and f16 too; small integers wrap around") {
  for (const DType dtype : {bf16, f16, i16, i8}) {
    const Tensor x = scatter_add(zeros({2}, dtype), 0, zeros({8000}, i64), ones({8000}, dtype));
    CHECK(x.to_vector<float>() == std::vector<float>{dtype == i8 ? 64.f : 8000.f, 0});
  }
}

TEST_CASE("integers are gathered and selected, strided ones too") {
  const Tensor x = arange(12).reshape({3, 4}).transpose(0, 1);
  CHECK(gather(x, 0, tensor({{3, 0, 1}})).to_vector<int64_t>() == std::vector<int64_t>{3, 4, 9});
  CHECK(index_select(x, 1, tensor({2})).to_vector<int64_t>() == std::vector<int64_t>{8, 9, 10, 11});
  CHECK(index_add(x, 1, tensor({0, 0}), ones({4, 2}, i64))[0].to_vector<int64_t>() ==
        std::vector<int64_t>{2, 4, 8});
}

}  // namespace
}  // namespace tapehead

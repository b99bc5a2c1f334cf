#include "tapehead/autograd/ops/scatter.h"

#include <doctest/doctest.h>

#include <string_view>
#include <utility>

#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/op_test.h"

// Values are compared with PyTorch's in tests/parity/indexing.cpp.
namespace tapehead::op_tests {
namespace {

using InPlace = const Tensor& (*)(const Tensor&, int64_t, const Tensor&, const Tensor&);
using Copying = Tensor (*)(const Tensor&, int64_t, const Tensor&, const Tensor&);

// An op along axis 1, and its in-place form: on a copy, and on a transposed view of one.
template <Copying op>
Tensors call(const Tensors& in) {
  return {op(in[0], 1, in[1], in[2])};
}
template <InPlace op>
Tensors call_in_place(const Tensors& in) {
  const Tensor x = in[0].clone(), y = in[0].transpose(0, 1).clone();
  op(x, 1, in[1], in[2]);
  op(y.transpose(0, 1), 1, in[1], in[2]);
  return {x, y};
}

template <class Write>
Array scattered(Arrays& in, Write write) {
  Array out = in[0];
  for (int64_t i = 0; i < in[1].shape[0]; ++i)
    for (int64_t j = 0; j < in[1].shape[1]; ++j)
      write(out(i, static_cast<int64_t>(in[1](i, j))), in[2](i, j));
  return out;
}
Array transposed(Array& x) {
  Array out({x.shape[1], x.shape[0]});
  for (int64_t i = 0; i < x.shape[0]; ++i)
    for (int64_t j = 0; j < x.shape[1]; ++j) out(j, i) = x(i, j);
  return out;
}
template <class Write>
Arrays in_both(Arrays& in, Write write) {
  Array out = scattered(in, write);
  return {out, transposed(out)};
}
void set(double& to, double value) { to = value; }
void add(double& to, double value) { to += value; }

// Rows 0 and 2 of axis 1 written.
Array rows_written(Arrays& in, void (*write)(double&, double)) {
  Array out = in[0];
  for (int64_t i = 0; i < out.shape[0]; ++i)
    for (int64_t j = 0; j < in[1].numel(); ++j)
      write(out(i, static_cast<int64_t>(in[1][j])), in[2].numel() == 1 ? in[2][0] : in[2](i, j));
  return out;
}
Arrays rows_in_both(Arrays& in, void (*write)(double&, double)) {
  Array out = rows_written(in, write);
  return {out, transposed(out)};
}

Operand distinct() { return given(indices({2, 3}, 5), {4, 0, 2, 1, 3, 0}); }
Operand repeated() { return given(indices({2, 4}, 3), {2, 0, 2, 2, 1, 1, 0, 1}); }
Operand two_rows() { return given(indices({2}, 4), {2, 0}); }

std::vector<Sample> reductions(Tensors (*reduce)(const Tensors&, std::string_view, bool)) {
  std::vector<Sample> out;
  for (const char* name : {"sum", "prod", "mean", "amax", "amin"})
    for (const bool self : {true, false})
      out.push_back({.operands = {Operand({2, 3}), repeated(), Operand({2, 4})},
                     .call = [=](const Tensors& in) { return reduce(in, name, self); },
                     .reference = nullptr,
                     .reduces = 4,
                     .away_from_zero = 0.5,
                     .roundings = 3,
                     .may_alias = false,
                     .may_repeat = false});
  return out;
}

}  // namespace

TAPEHEAD_OP_TEST(scatter)
    .sample({{Operand({2, 5}), distinct(), Operand({2, 3})},
             call<scatter>,
             [](Arrays& in) { return Arrays{scattered(in, set)}; }})
    .bad<ShapeError>(
        [] {
          scatter(zeros({2, 3}), 1, zeros({2, 2}, i64), zeros({2, 1}));
        },
        "scatter: source is [2, 1] f32; it needs an element for each of the indices "
        "[2, 2]")
    .bad<IndexError>(
        [] {
          scatter(zeros({2}), 0, tensor({0, -1}), 1);
        },
        "scatter: indices[1] = -1 is outside 0..1")
    .bad<ValueError>(
        [] { scatter(zeros({2}, u8), 0, tensor({0}), 300); },
        "scatter: 300 is outside the range of u8; use a smaller number, or convert with to()");
TAPEHEAD_OP_TEST(scatter_)
    .sample({{Operand({2, 5}), distinct(), Operand({2, 3})},
             call_in_place<scatter_>,
             [](Arrays& in) { return in_both(in, set); }})
    .bad<IndexError>([] { scatter_(zeros({2}), 0, tensor({2}), 1); },
                     "scatter_: indices[0] = 2 is outside 0..1");
TAPEHEAD_OP_TEST(scatter_add_)
    .sample({{Operand({2, 3}), repeated(), Operand({2, 4})},
             call_in_place<scatter_add_>,
             [](Arrays& in) { return in_both(in, add); },
             5})
    .bad<IndexError>([] { scatter_add_(zeros({2}), 0, tensor({2}), ones({1})); },
                     "scatter_add_: indices[0] = 2 is outside 0..1");
TAPEHEAD_OP_TEST(scatter_reduce)
    .samples(reductions([](const Tensors& in, std::string_view reduce, bool self) {
      return Tensors{scatter_reduce(in[0], 1, in[1], in[2], reduce, self)};
    }))
    .bad<ValueError>([] { scatter_reduce(zeros({2}), 0, tensor({0}), ones({1}), "max"); },
                     "scatter_reduce: reduce is \"max\"; pass \"sum\", \"prod\", \"mean\", "
                     "\"amax\" or \"amin\"");
TAPEHEAD_OP_TEST(scatter_reduce_)
    .samples(reductions([](const Tensors& in, std::string_view reduce, bool self) {
      const Tensor x = in[0].clone();
      scatter_reduce_(x, 1, in[1], in[2], reduce, self);
      return Tensors{x};
    }));
TAPEHEAD_OP_TEST(index_reduce)
    .samples(reductions([](const Tensors& in, std::string_view reduce, bool self) {
      return Tensors{index_reduce(in[0], 1, in[1][0], in[2], reduce, self)};
    }));
TAPEHEAD_OP_TEST(put_along_axis)
    .sample({{Operand({2, 4}), given(indices({1, 2}, 4), {3, 1}), Operand({2})},
             [](const Tensors& in) { return Tensors{put_along_axis(in[0], in[1], in[2], 1)}; },
             [](Arrays& in) {
               Array out = in[0];
               for (int64_t i = 0; i < 2; ++i) out(i, 3) = in[2][0], out(i, 1) = in[2][1];
               return Arrays{out};
             }})
    .bad<ShapeError>(
        [] {
          put_along_axis(zeros({2, 3}), zeros({2, 1}, i64), zeros({3}), 1);
        },
        "put_along_axis: values [3] do not broadcast to [2, 1]")
    .bad<ShapeError>(
        [] {
          put_along_axis(zeros({2, 3}), tensor({0}), 1, 1);
        },
        "put_along_axis: [2, 3] f32 and indices [1] must have the same number of "
        "axes");

TAPEHEAD_OP_TEST(index_copy)
    .sample({{Operand({3, 4}), two_rows(), Operand({3, 2})},
             call<index_copy>,
             [](Arrays& in) { return Arrays{rows_written(in, set)}; }})
    .bad<ShapeError>(
        [] {
          index_copy(zeros({3, 2}), 0, tensor({0}), zeros({2, 2}));
        },
        "index_copy: source is [2, 2] f32; with 1 indices for axis 0 of [3, 2] f32 it "
        "must be [1, 2]");
TAPEHEAD_OP_TEST(index_copy_)
    .sample({{Operand({3, 4}), two_rows(), Operand({3, 2})},
             call_in_place<index_copy_>,
             [](Arrays& in) { return rows_in_both(in, set); }});
TAPEHEAD_OP_TEST(index_add_)
    .sample({{Operand({3, 4}), two_rows(), Operand({3, 2})},
             call_in_place<index_add_>,
             [](Arrays& in) { return rows_in_both(in, add); },
             2});
TAPEHEAD_OP_TEST(index_fill)
    .sample({{Operand({3, 4}), given(indices({3}, 4), {2, 0, 2}), Operand({})},
             call<index_fill>,
             [](Arrays& in) { return Arrays{rows_written(in, set)}; }})
    .bad<ShapeError>([] { index_fill(zeros({3}), 0, tensor({0}), zeros({1})); },
                     "index_fill: the value is [1] f32; it must have no axes; use index_copy()")
    .bad<ValueError>(
        [] { index_fill(zeros({3}, u8), 0, tensor({0}), -1); },
        "index_fill: -1 is outside the range of u8; use a smaller number, or convert with to()");
TAPEHEAD_OP_TEST(index_fill_)
    .sample({{Operand({3, 4}), two_rows(), Operand({})},
             call_in_place<index_fill_>,
             [](Arrays& in) { return rows_in_both(in, set); }});

TAPEHEAD_OP_TEST(masked_fill_)
    .sample({{Operand({2, 3}), given(mask({3}), {1, 0, 1})},
             [](const Tensors& in) {
               const Tensor x = in[0].clone();
               return Tensors{masked_fill_(x, in[1], 2)};
             },
             [](Arrays& in) {
               Array out = in[0];
               for (int64_t i = 0; i < 2; ++i) out(i, 0) = out(i, 2) = 2;
               return Arrays{out};
             }})
    .bad<ShapeError>(
        [] {
          masked_fill_(zeros({3}), ones({2, 3}, boolean), 1);
        },
        "masked_fill_: shape [2, 3] of the mask does not broadcast to [3] f32")
    .bad<DTypeError>([] { masked_fill_(zeros({3}), ones({3}), 1); },
                     "masked_fill_: the mask is f32; it must be bool; use a comparison or "
                     "to(boolean)");
TAPEHEAD_OP_TEST(masked_scatter)
    .sample({{Operand({3}), given(mask({2, 3}), {1, 0, 1, 0, 0, 1}), Operand({2, 2})},
             [](const Tensors& in) { return Tensors{masked_scatter(in[0], in[1], in[2])}; },
             [](Arrays& in) {
               Array out = broadcast(in[0], {2, 3});
               out[0] = in[2][0], out[2] = in[2][1], out[5] = in[2][2];
               return Arrays{out};
             }})
    .bad<ShapeError>([] { masked_scatter(zeros({3}), ones({3}, boolean), zeros({2})); },
                     "masked_scatter: the mask is true for 3 elements, and source [2] f32 has only "
                     "2")
    .bad<DTypeError>([] { masked_scatter(zeros({3}), ones({3}), zeros({3})); },
                     "masked_scatter: the mask is f32; it must be bool; use a comparison or "
                     "to(boolean)");
TAPEHEAD_OP_TEST(masked_scatter_)
    .sample({{Operand({2, 3}), given(mask({2, 3}), {1, 0, 1, 0, 0, 1}), Operand({6})},
             [](const Tensors& in) {
               const Tensor x = in[0].clone(), y = in[0].transpose(0, 1).clone();
               masked_scatter_(x, in[1], in[2]);
               masked_scatter_(y.transpose(0, 1), in[1], in[2]);
               return Tensors{x, y};
             },
             [](Arrays& in) {
               Array out = in[0];
               out[0] = in[2][0], out[2] = in[2][1], out[5] = in[2][2];
               return Arrays{out, transposed(out)};
             }})
    .bad<ShapeError>(
        [] {
          masked_scatter_(zeros({3}), ones({2, 3}, boolean), zeros({6}));
        },
        "masked_scatter_: shape [2, 3] of the mask does not broadcast to [3] f32");

}  // namespace tapehead::op_tests

namespace tapehead {
namespace {

using testing::Doubles;
using testing::error_of;
using testing::values;

TEST_CASE("scatter_reduce of integers, and of no values") {
  const Tensor x = tensor({7, 8, 9}), at = tensor({0, 0, 2}), y = tensor({-2, 4, 100});
  const auto reduced = [&](const char* name, bool self) {
    return values(scatter_reduce(x, 0, at, y, name, self));
  };
  CHECK(reduced("sum", true) == Doubles{9, 8, 109});
  CHECK(reduced("mean", true) == Doubles{3, 8, 54});
  CHECK(reduced("mean", false) == Doubles{1, 8, 100});
  CHECK(reduced("prod", false) == Doubles{-8, 8, 100});
  CHECK(reduced("amax", true) == Doubles{7, 8, 100});
  CHECK(reduced("amax", false) == Doubles{4, 8, 100});
  CHECK(reduced("amin", false) == Doubles{-2, 8, 100});
  CHECK(values(scatter_reduce(x, 0, zeros({0}, i64), zeros({0}), "mean", false)) ==
        Doubles{7, 8, 9});
}

TEST_CASE("gradients of scatter_reduce where the largest are equal, and where factors are zero") {
  const auto gradients = [](const char* name, const Doubles& x, const Doubles& y) {
    Tensor a = tensor(x, f64).set_requires_grad(), b = tensor(y, f64).set_requires_grad();
    sum(scatter_reduce(a, 0, tensor({0, 0, 1}), b, name)).backward();
    return std::pair(values(a.grad()), values(b.grad()));
  };
  CHECK(gradients("amax", {1, 2}, {1, 1, 3}) ==
        std::pair(Doubles{1.0 / 3, 0}, Doubles{1.0 / 3, 1.0 / 3, 1}));
  CHECK(gradients("prod", {2, 0}, {0, 5, 4}) == std::pair(Doubles{0, 4}, Doubles{10, 0, 0}));
  CHECK(gradients("prod", {3, 0}, {0, 0, 0}) == std::pair(Doubles{0, 0}, Doubles{0, 0, 0}));
}

TEST_CASE("NaN is the largest and the smallest value of scatter_reduce") {
  const Tensor nan = tensor({NAN, 1.0}), at = tensor({0, 0});
  for (const char* name : {"amax", "amin"}) {
    CAPTURE(name);
    CHECK(isnan(scatter_reduce(zeros({1}), 0, at, nan, name)).item<bool>());
    CHECK(isnan(scatter_reduce(nan, 0, tensor({0}), ones({1}), name)[0]).item<bool>());
  }
}

TEST_CASE("in-place forms write to the memory, are recorded, and do not read what they wrote") {
  const Tensor x = arange(6, f64).reshape({2, 3});
  x[1].index_copy_(0, tensor({2, 0}), tensor({10, 20}));
  x.scatter_add_(1, tensor({{0}, {0}}), tensor({{1.0}, {1.0}}));
  CHECK(values(x) == Doubles{1, 1, 2, 21, 4, 10});
  x.index_add_(1, tensor({2, 1, 0}), x);  // the source is the tensor itself
  CHECK(values(x) == Doubles{3, 2, 3, 31, 8, 31});
  x.masked_fill_(x > 5, 0).index_fill_(0, tensor({0}), 7);
  CHECK(values(x) == Doubles{7, 7, 7, 0, 0, 0});

  Tensor w = ones({2}, f64).set_requires_grad();
  const Tensor y = w * 2, saved = y * y;
  y.scatter_(0, tensor({1}), 5);
  CHECK(error_of<GraphError>([&] { sum(saved).backward(); }).find("scatter_") != std::string::npos);
  CHECK(error_of<GraphError>([&] { w.scatter_(0, tensor({1}), 5); }) ==
        "scatter_: [2] f64 is a leaf that tracks gradients; change it inside NoGradGuard");
}

TEST_CASE("long axes far apart in memory: the strips of gather and scatter_add") {
  const Tensor x = randn({1024, 300}, f64), at = randint(0, 1024, {1024, 300});
  const Tensor got = gather(x, 0, at), sums = scatter_add(x, 0, at, x);
  Tensor wanted = x.clone();
  bool equal = true;
  for (int64_t i = 0; i < 1024; ++i)
    for (int64_t j = 0; j < 300; ++j) {
      const int64_t from = at.data<int64_t>()[i * 300 + j];
      equal &= got.data<double>()[i * 300 + j] == x.data<double>()[from * 300 + j];
      wanted.data<double>()[from * 300 + j] += x.data<double>()[i * 300 + j];
    }
  CHECK(equal);
  CHECK(values(sums) == values(wanted));
}

}  // namespace
}  // namespace tapehead

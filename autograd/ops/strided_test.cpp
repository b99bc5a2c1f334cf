#include "tapehead/autograd/ops/strided.h"

#include "tapehead/autograd/ops/fold.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/op_test.h"

// Values are compared with PyTorch's in tests/parity/indexing.cpp.
namespace tapehead::op_tests {
namespace {

Sample one(const Shape& shape, Tensors (*call)(const Tensors&)) {
  return {.operands = {Operand(shape)}, .call = call, .reference = nullptr};
}
Sample two(const Shape& a, const Shape& b, Tensors (*call)(const Tensors&)) {
  return {.operands = {Operand(a), Operand(b)}, .call = call, .reference = nullptr};
}

}  // namespace

TAPEHEAD_OP_TEST(as_strided)
    // It depends on the layout of x.
    .sample(one({3, 4},
                [](const Tensors& in) {
                  const Tensor x = in[0].contiguous();
                  return Tensors{as_strided(x, {2, 3}, {4, 1}), as_strided(x, {3, 4}, {3, 1}),
                                 as_strided(x, {2, 3, 2}, {1, 0, 3}),
                                 as_strided(x[1], {2, 2}, {2, 1})};
                }))
    .bad<ShapeError>([] { as_strided(zeros({6}), {2}, {-1}); },
                     "as_strided: sizes [2] and strides [-1]; pass as many of both, and none "
                     "negative")
    .bad<ShapeError>([] { as_strided(zeros({6})[1].expand({3}), {2}, {1}); },
                     "as_strided: elements of [3] f32 share memory, as after expand(); clone() it")
    .bad<ShapeError>(
        [] {
          as_strided(zeros({2, 3})[1], {2, 2}, {2, 1});
        },
        "as_strided: sizes [2, 2] and strides [2, 1] reach elements 3..6 of the "
        "storage; those of [3] f32 are 3..5")
    .bad<ShapeError>(
        [] {
          as_strided(zeros({2, 3})[1], {2}, {1}, 2);
        },
        "as_strided: sizes [2] and strides [1] reach elements 2..3 of the storage; "
        "those of [3] f32 are 3..5");
TAPEHEAD_OP_TEST(unfold)
    .sample(one({2, 8}, [](const Tensors& in) { return Tensors{unfold(in[0], 1, 3, 2)}; }))
    .sample(one({5, 3}, [](const Tensors& in) { return Tensors{unfold(in[0], 0, 2, 1)}; }))
    .sample(one({2, 2, 4, 3}, [](const Tensors& in) { return Tensors{unfold(in[0], 2)}; }))
    .sample(one(
        {1, 5, 6},
        [](const Tensors& in) {
          return Tensors{unfold(in[0], {2, 3}, {.dilation = 2, .padding = 2, .stride = {3, 2}})};
        }))
    .bad<ShapeError>(
        [] {
          unfold(zeros({1, 2, 4}), 3);
        },
        "unfold: the height = 2, with 0 of padding, is less than the 3 positions that "
        "the kernel spans")
    .bad<ShapeError>(
        [] {
          unfold(zeros({2, 4}), 3);
        },
        "unfold: x is [2, 4]; expected [B, C, H, W] or [C, H, W]")
    .bad<ValueError>(
        [] {
          unfold(zeros({1, 2, 4}), 1, {.stride = 0});
        },
        "unfold: stride = 0 is less than 1")
    .bad<ShapeError>(
        [] {
          unfold(zeros({2, 3}), 1, 4, 1);
        },
        "unfold: windows of size 4 do not fit into size(1) of [2, 3] f32")
    .bad<ValueError>([] { unfold(zeros({3}), 0, 2, 0); },
                     "unfold: the step is 0; it must be at least 1")
    .bad<ShapeError>([] { unfold(zeros({}), 0, 1, 1); }, "unfold: a 0-d tensor has no axes");
TAPEHEAD_OP_TEST(select_scatter)
    .sample(two({3, 4}, {3},
                [](const Tensors& in) { return Tensors{select_scatter(in[0], in[1], 1, -2)}; }))
    .bad<ShapeError>(
        [] {
          select_scatter(zeros({3, 4}), zeros({4}), 1, 0);
        },
        "select_scatter: source is [4] f32; it must be [3], the shape that it "
        "replaces");
TAPEHEAD_OP_TEST(slice_scatter)
    .sample(two({3, 4}, {3, 2},
                [](const Tensors& in) {
                  return Tensors{slice_scatter(in[0], in[1], 1, 1, INT64_MAX, 2),
                                 slice_scatter(in[0], in[1], 1, Slice(None, 1, -1))};
                }))
    .bad<ShapeError>([] { slice_scatter(zeros({3}), zeros({2}), 0, 0, 1); },
                     "slice_scatter: source is [2] f32; it must be [1], the shape that it "
                     "replaces");
TAPEHEAD_OP_TEST(diagonal_scatter)
    .sample(two({3, 4}, {3},
                [](const Tensors& in) { return Tensors{diagonal_scatter(in[0], in[1], 1)}; }))
    .bad<ShapeError>(
        [] {
          diagonal_scatter(zeros({3, 4}), zeros({4}));
        },
        "diagonal_scatter: source is [4] f32; it must be [3], the shape that it "
        "replaces");

}  // namespace tapehead::op_tests

namespace tapehead {
namespace {

using testing::Doubles;
using testing::error_of;
using testing::values;

TEST_CASE("views of shared elements: gradients are summed, also into one buffer and in place") {
  Tensor x = ones({5}, f64).set_requires_grad();
  const auto loss = [&] {
    const Tensor y = x * 1;
    return sum(y) + sum(y.unfold(0, 3, 1)) + sum(as_strided(y, {2, 2}, {0, 1}) * 10);
  };
  const Doubles wanted{22, 23, 4, 3, 2};
  CHECK(values(grad({loss()}, {x})[0]) == wanted);
  CHECK(values(grad({loss()}, {x}, {.create_graph = true})[0]) == wanted);

  const Tensor y = x * 2, windows = y.unfold(0, 2, 1);
  y[1].fill_(7);  // a window sees it, and its gradient flows to the new value
  CHECK(values(windows) == Doubles{2, 7, 7, 2, 2, 2, 2, 2});
  x.set_grad({});
  sum(windows).backward();
  CHECK(values(x.grad()) == Doubles{2, 0, 4, 4, 2});
}

TEST_CASE("windows that share elements cannot be written, others can") {
  const Tensor x = zeros({6});
  CHECK(error_of<GraphError>([&] { x.unfold(0, 3, 2).fill_(1); }) ==
        "fill_: [2, 3] f32 is a view whose elements share memory, as after expand(); clone() it "
        "first");
  x.unfold(0, 2, 2)[1].fill_(3);
  as_strided(x, {2}, {5}).copy_(tensor({8, 9}));
  CHECK(values(x) == Doubles{8, 0, 3, 3, 0, 9});
  CHECK(values(ones({1}).expand({4}).unfold(0, 3, 1)) == Doubles(6, 1.0));
}

}  // namespace
}  // namespace tapehead

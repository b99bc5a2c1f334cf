#include "tapehead/autograd/ops/repeat.h"

#include <doctest/doctest.h>

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

}  // namespace

TAPEHEAD_OP_TEST(repeat_interleave)
    .sample(one({2, 3},
                [](const Tensors& in) {
                  return Tensors{repeat_interleave(in[0], 3), repeat_interleave(in[0], 2, 0),
                                 repeat_interleave(in[0], 0, 1)};
                }))
    .sample({.operands = {Operand({3, 2}), given(indices({3}, 4), {2, 0, 3})},
             .call =
                 [](const Tensors& in) {
                   return Tensors{repeat_interleave(in[0], in[1], 0),
                                  repeat_interleave(in[0], tensor({2}), 1)};
                 },
             .reference = nullptr})
    .bad<ValueError>([] { repeat_interleave(zeros({2}), -1); },
                     "repeat_interleave: repeats is -1; it must not be negative")
    .bad<IndexError>(
        [] {
          repeat_interleave(zeros({2}), tensor({1, -1}));
        },
        "repeat_interleave: repeats[1] = -1 is negative")
    .bad<ShapeError>(
        [] {
          repeat_interleave(zeros({2, 3}), tensor({1, 2}), 1);
        },
        "repeat_interleave: repeats is [2] i64; pass 3 numbers, or one")
    .bad<ShapeError>([] { repeat_interleave(zeros({4}), INT64_MAX, 0); },
                     "repeat_interleave: 9223372036854775807 repeats make [4] f32 too large to "
                     "address")
    .bad<ShapeError>([] { repeat_interleave(zeros({}), 2, 0); },
                     "repeat_interleave: a 0-d tensor has no axes");
TAPEHEAD_OP_TEST(tile).sample(one({2, 3}, [](const Tensors& in) {
  return Tensors{tile(in[0], 2), tile(in[0], {2, 1, 2})};
}));
TAPEHEAD_OP_TEST(fliplr)
    .sample(one({2, 3}, [](const Tensors& in) { return Tensors{fliplr(in[0])}; }))
    .bad<ShapeError>([] { fliplr(zeros({3})); }, "fliplr: [3] f32 has fewer than two axes");
TAPEHEAD_OP_TEST(flipud)
    .sample(one({2, 3}, [](const Tensors& in) { return Tensors{flipud(in[0])}; }))
    .bad<ShapeError>([] { flipud(zeros({})); }, "flipud: a 0-d tensor has no axes");
TAPEHEAD_OP_TEST(rot90)
    .sample(one({2, 3, 2},
                [](const Tensors& in) {
                  return Tensors{rot90(in[0]), rot90(in[0], 2, {1, 2}), rot90(in[0], -1, {2, 0}),
                                 rot90(in[0], 4)};
                }))
    .bad<ShapeError>(
        [] {
          rot90(zeros({2, 3}), 1, {0});
        },
        "rot90: axes are [0]; pass two")
    .bad<ShapeError>(
        [] {
          rot90(zeros({2, 3}), 1, {1, -1});
        },
        "rot90: axes [1, -1] of [2, 3] f32 are the same");
TAPEHEAD_OP_TEST(meshgrid)
    .sample({.operands = {Operand({2}), Operand({3})},
             .call = [](const Tensors& in) { return meshgrid(in, "xy"); },
             .reference = nullptr})
    .bad<ShapeError>(
        [] {
          meshgrid({zeros({2}), zeros({2, 1})});
        },
        "meshgrid: tensors[1] is [2, 1] f32; it must have at most one axis")
    .bad<ValueError>([] { meshgrid({zeros({2})}, "yx"); },
                     "meshgrid: indexing is \"yx\"; pass \"ij\" or \"xy\"");
TAPEHEAD_OP_TEST(cartesian_prod)
    .sample({.operands = {Operand({2}), Operand({3})},
             .call = [](const Tensors& in) { return Tensors{cartesian_prod(in)}; },
             .reference = nullptr})
    .bad<ValueError>([] { cartesian_prod({}); },
                     "cartesian_prod: the list of tensors is empty; pass at least one");
TAPEHEAD_OP_TEST(combinations)
    .sample(one({4},
                [](const Tensors& in) {
                  return Tensors{combinations(in[0]), combinations(in[0], 3, true)};
                }))
    .bad<ShapeError>(
        [] {
          combinations(zeros({2, 2}));
        },
        "combinations: x is [2, 2] f32; it must have one axis")
    .bad<ValueError>([] { combinations(zeros({2}), -1); },
                     "combinations: r is -1; it must not be negative");

}  // namespace tapehead::op_tests

namespace tapehead {
namespace {

using testing::Doubles;
using testing::error_of;
using testing::values;

TEST_CASE("roll along several axes, and of the flattened tensor; rot90") {
  const Tensor x = arange(6).reshape({2, 3});
  CHECK(values(rot90(x)) == Doubles{2, 5, 1, 4, 0, 3});
  CHECK(values(rot90(x, -1)) == Doubles{3, 0, 4, 1, 5, 2});
  CHECK(values(roll(x, {1, -1}, {0, 1})) == Doubles{4, 5, 3, 1, 2, 0});
  CHECK(values(roll(x, 2)) == Doubles{4, 5, 0, 1, 2, 3});
  CHECK(error_of<ShapeError>([&] {
          roll(x, {1, 2}, {0});
        }) == "roll: shifts [1, 2] for axes [0]; pass one for each axis");
}

TEST_CASE("combinations of more elements than there are, and of none") {
  CHECK(combinations(arange(2), 3).shape() == Shape{0, 3});
  CHECK(combinations(arange(0), 2, true).shape() == Shape{0, 2});
  CHECK(values(combinations(arange(3), 1)) == Doubles{0, 1, 2});
  CHECK(values(combinations(arange(1), 2, true)) == Doubles{0, 0});
}

}  // namespace
}  // namespace tapehead

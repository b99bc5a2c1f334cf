#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

TAPEHEAD_OP_TEST(cat)
    .sample({{Operand({2, 3}), Operand({2, 1}), Operand({2, 0})},
             [](const Tensors& in) { return Tensors{cat(in, -1)}; },
             [](Arrays& in) {
               return matrix(
                   2, 4, [&](int64_t i, int64_t j) { return j < 3 ? in[0](i, j) : in[1](i, 0); });
             }})
    .sample({{Operand({2, 3})},
             [](const Tensors& in) {
               return Tensors{cat({in[0], in[0]})};
             },
             [](Arrays& in) {
               return matrix(4, 3, [&](int64_t i, int64_t j) { return in[0](i % 2, j); });
             }})
    .sample({{Operand({2, 64}), Operand({2, 65})},  // row by row
             [](const Tensors& in) { return Tensors{cat(in, 1)}; },
             [](Arrays& in) {
               return matrix(2, 129, [&](int64_t i, int64_t j) {
                 return j < 64 ? in[0](i, j) : in[1](i, j - 64);
               });
             }})
    .bad<ValueError>([] { cat({}); }, "cat: the list of tensors is empty; pass at least one")
    .bad<ShapeError>(
        [] {
          cat({ones({}), ones({})});
        },
        "cat: a 0-d tensor has no axis to join along; use stack()")
    .bad<ShapeError>(
        [] {
          cat({ones({2, 3}), ones({2, 3}), ones({3, 3})}, 1);
        },
        "cat: tensors[2] is [3, 3] f32, tensors[0] [2, 3] f32; all sizes but size(1) must be "
        "equal")
    .bad<ShapeError>(
        [] {
          const Tensor half = ones({1}).expand({int64_t{1} << 62});
          cat({half, half});
        },
        "cat: the sum of size(0) is too large to address");

TAPEHEAD_OP_TEST(stack)
    .sample({{Operand({3}), Operand({3})},
             [](const Tensors& in) { return Tensors{stack(in, -1)}; },
             [](Arrays& in) {
               return matrix(3, 2,
                             [&](int64_t i, int64_t j) { return in[static_cast<size_t>(j)](i); });
             }})
    .sample({{Operand(Shape{}), Operand(Shape{})},
             [](const Tensors& in) { return Tensors{stack(in)}; },
             [](Arrays& in) {
               Array out({2});
               out(0) = in[0][0];
               out(1) = in[1][0];
               return Arrays{out};
             }})
    .bad<ValueError>([] { stack({}); }, "stack: the list of tensors is empty; pass at least one")
    .bad<ShapeError>(
        [] {
          stack({ones({2}), ones({3})});
        },
        "stack: tensors[1] is [3] f32, tensors[0] [2] f32; all shapes must be equal");

TAPEHEAD_OP_TEST(repeat)
    .sample({{Operand({3})},
             [](const Tensors& in) {
               return Tensors{repeat(in[0], {2, 2})};
             },
             [](Arrays& in) {
               return matrix(2, 6, [&](int64_t, int64_t j) { return in[0](j % 3); });
             }})
    .sample({{Operand({2, 3})},
             [](const Tensors& in) {
               return Tensors{repeat(in[0], {2, 0})};
             },
             [](Arrays&) {
               return Arrays{Array({4, 0})};
             }})
    .bad<ShapeError>(
        [] {
          repeat(ones({2, 3}), {2});
        },
        "repeat: counts [2] do not fit [2, 3] f32; pass one non-negative count for each axis")
    .bad<ShapeError>(
        [] {
          repeat(ones({2, 3}), {1, INT64_MAX});
        },
        "repeat: counts [1, 9223372036854775807] make [2, 3] f32 too large to address");

}  // namespace tapehead::op_tests

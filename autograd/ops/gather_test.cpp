#include "tapehead/core/creation.h"
#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

int64_t at(Array& indices, int64_t i, int64_t j) { return static_cast<int64_t>(indices(i, j)); }

}  // namespace

TAPEHEAD_OP_TEST(gather)
    .sample({{Operand({3, 5}), indices({3, 4}, 5)},
             [](const Tensors& in) { return Tensors{gather(in[0], -1, in[1])}; },
             [](Arrays& in) {
               Array out({3, 4});
               for (int64_t i = 0; i < 3; ++i)
                 for (int64_t j = 0; j < 4; ++j) out(i, j) = in[0](i, at(in[1], i, j));
               return Arrays{out};
             }})
    .sample({{Operand({3, 5}), indices({6, 2}, 3)},  // fewer columns than x
             [](const Tensors& in) { return Tensors{gather(in[0], 0, in[1])}; },
             [](Arrays& in) {
               Array out({6, 2});
               for (int64_t i = 0; i < 6; ++i)
                 for (int64_t j = 0; j < 2; ++j) out(i, j) = in[0](at(in[1], i, j), j);
               return Arrays{out};
             }})
    .sample({{Operand({2, 4, 3}), indices({2, 2, 3}, 4)},
             [](const Tensors& in) { return Tensors{gather(in[0], 1, in[1])}; },
             [](Arrays& in) {
               Array out({2, 2, 3});
               for (int64_t i = 0; i < 2; ++i)
                 for (int64_t j = 0; j < 2; ++j)
                   for (int64_t k = 0; k < 3; ++k)
                     out(i, j, k) = in[0](i, static_cast<int64_t>(in[1](i, j, k)), k);
               return Arrays{out};
             }})
    .bad<IndexError>(
        [] {
          gather(zeros({2, 3}), 1, tensor({{0, 3}}));
        },
        "gather: indices[0, 1] = 3 is outside 0..2")
    .bad<ShapeError>(
        [] {
          gather(zeros({2, 3}), 1, zeros({3, 3}, i64));
        },
        "gather: indices [3, 3] do not fit into [2, 3] f32; they need as many axes, and no size "
        "larger except size(1)")
    .bad<DTypeError>([] { gather(zeros({2}), 0, tensor({true})); },
                     "gather: indices is bool; indices must be integers; convert with to(i64)");

TAPEHEAD_OP_TEST(scatter_add)
    .sample({{Operand({3, 5}), indices({3, 6}, 5), Operand({3, 7})},  // a larger source than needed
             [](const Tensors& in) { return Tensors{scatter_add(in[0], 1, in[1], in[2])}; },
             [](Arrays& in) {
               Array out = in[0];
               for (int64_t i = 0; i < 3; ++i)
                 for (int64_t j = 0; j < 6; ++j) out(i, at(in[1], i, j)) += in[2](i, j);
               return Arrays{out};
             },
             7})
    .bad<ShapeError>(
        [] {
          scatter_add(zeros({2, 3}), 1, zeros({2, 3}, i64), zeros({2, 2}));
        },
        "scatter_add: source is [2, 2] f32; it needs an element for each of the indices [2, 3]")
    .bad<IndexError>([] { scatter_add(zeros({2}), 0, tensor({2}), zeros({1})); },
                     "scatter_add: indices[0] = 2 is outside 0..1");

TAPEHEAD_OP_TEST(take_along_dim)
    .sample({{Operand({3, 5}), indices({1, 2}, 5)},
             [](const Tensors& in) { return Tensors{take_along_dim(in[0], in[1], 1)}; },
             [](Arrays& in) {
               Array out({3, 2});
               for (int64_t i = 0; i < 3; ++i)
                 for (int64_t j = 0; j < 2; ++j) out(i, j) = in[0](i, at(in[1], 0, j));
               return Arrays{out};
             }})
    .bad<ShapeError>(
        [] {
          take_along_dim(zeros({2, 3}), tensor({0}), 1);
        },
        "take_along_dim: [2, 3] f32 and indices [1] must have the same number of axes");

}  // namespace tapehead::op_tests

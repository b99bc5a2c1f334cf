#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

TAPEHEAD_OP_TEST(reshape)
    .sample({{{{2, 3, 4}}},
             [](const Tensors& in) {
               return Tensors{in[0].reshape({6, 4})};
             },
             reshaped({6, 4})})
    .sample({{{{2, 3, 4}}},
             [](const Tensors& in) {
               return Tensors{in[0].reshape({2, -1})};
             },
             reshaped({2, 12})})
    .sample({{{{1}}}, [](const Tensors& in) { return Tensors{in[0].reshape({})}; }, reshaped({})})
    .sample({{{{0, 3}}},
             [](const Tensors& in) {
               return Tensors{in[0].reshape({3, -1})};
             },
             reshaped({3, 0})})
    .bad<ShapeError>(
        [] {
          ones({2, 3}).reshape({4, -1});
        },
        "reshape: the 6 elements of [2, 3] f32 do not fit shape [4, -1]; the sizes must multiply "
        "to their number, and at most one may be -1")
    .bad<ShapeError>(
        [] {
          ones({2, 3}).reshape({-1, -1});
        },
        "reshape: the 6 elements of [2, 3] f32 do not fit shape [-1, -1]; the sizes must "
        "multiply to their number, and at most one may be -1")
    .bad<ShapeError>(
        [] {
          ones({0}).reshape({0, -1});
        },
        "reshape: the 0 elements of [0] f32 do not fit shape [0, -1]; the sizes must multiply "
        "to their number, and at most one may be -1");

TAPEHEAD_OP_TEST(squeeze)
    .sample({{Operand({1, 3, 1, 1})},
             [](const Tensors& in) {
               return Tensors{squeeze(in[0], {-1, 0, 1})};
             },
             reshaped({3, 1})})
    .sample({{{{1, 3, 1}}},
             [](const Tensors& in) { return Tensors{in[0].squeeze()}; },
             reshaped({3})})
    .sample({{{{1, 3, 1}}},
             [](const Tensors& in) { return Tensors{in[0].squeeze(-1)}; },
             reshaped({1, 3})})
    .sample({{{{2, 3}}},
             [](const Tensors& in) { return Tensors{in[0].squeeze(0)}; },
             reshaped({2, 3})})
    .bad<IndexError>(
        [] {
          ones({2, 3}).squeeze(2);
        },
        "squeeze: axis 2 is outside -2..1 of a tensor with 2 dimensions");

TAPEHEAD_OP_TEST(unsqueeze)
    .sample({{Operand({2, 3})},
             [](const Tensors& in) {
               return Tensors{unsqueeze(in[0], {0, -2})};
             },
             reshaped({1, 2, 1, 3})})
    .bad<ValueError>(
        [] {
          unsqueeze(ones({2}), {0, 0});
        },
        "unsqueeze: axis 0 is named twice in [0, 0]; name each axis once")
    .sample({{{{2, 3}}},
             [](const Tensors& in) { return Tensors{in[0].unsqueeze(1)}; },
             reshaped({2, 1, 3})})
    .sample({{{{2, 3}}},
             [](const Tensors& in) { return Tensors{in[0].unsqueeze(-1)}; },
             reshaped({2, 3, 1})})
    .bad<IndexError>(
        [] {
          ones({2, 3}).unsqueeze(3 + 1);
        },
        "unsqueeze: axis 4 is outside -3..2 of a tensor with 3 dimensions");

TAPEHEAD_OP_TEST(view)
    .sample({{{{2, 3, 4}}},
             [](const Tensors& in) {
               return Tensors{in[0].contiguous().view({-1, 6})};
             },
             reshaped({4, 6})})
    .bad<ShapeError>(
        [] {
          ones({2, 3}).transpose(0, 1).view({6});
        },
        "view: [3, 2] f32 with strides [1, 3] cannot be seen as [6] without a copy; use "
        "reshape()")
    .bad<ShapeError>(
        [] {
          ones({2, 3}).view({-1, 4});
        },
        "view: the 6 elements of [2, 3] f32 do not fit shape [-1, 4]; the sizes must "
        "multiply to their number, and at most one may be -1");

TAPEHEAD_OP_TEST(flatten)
    .sample({{{{2, 3, 4}}},
             [](const Tensors& in) { return Tensors{in[0].flatten()}; },
             reshaped({24})})
    .sample({{{{2, 3, 4}}},
             [](const Tensors& in) { return Tensors{in[0].flatten(1)}; },
             reshaped({2, 12})})
    .sample({{Operand(Shape{})},
             [](const Tensors& in) { return Tensors{in[0].flatten()}; },
             reshaped({1})})
    .bad<ShapeError>(
        [] {
          ones({2, 3}).flatten(1, 0);
        },
        "flatten: the first axis 1 comes after the last, 0");

}  // namespace tapehead::op_tests

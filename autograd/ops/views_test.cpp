#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

Arrays transposed(Arrays& in) {
  const Shape& s = in[0].shape;
  Array out({s[0], s[2], s[1]});
  for (int64_t i = 0; i < s[0]; ++i)
    for (int64_t j = 0; j < s[1]; ++j)
      for (int64_t k = 0; k < s[2]; ++k) out(i, k, j) = in[0](i, j, k);
  return {out};
}

Arrays last_axis_first(Arrays& in) {
  const Shape& s = in[0].shape;
  Array out({s[2], s[0], s[1]});
  for (int64_t i = 0; i < s[0]; ++i)
    for (int64_t j = 0; j < s[1]; ++j)
      for (int64_t k = 0; k < s[2]; ++k) out(k, i, j) = in[0](i, j, k);
  return {out};
}

Arrays expanded(Arrays& in) {  // [3, 1] -> [2, 3, 4]
  Array out({2, 3, 4});
  for (int64_t i = 0; i < 2; ++i)
    for (int64_t j = 0; j < 3; ++j)
      for (int64_t k = 0; k < 4; ++k) out(i, j, k) = in[0](j, 0);
  return {out};
}

}  // namespace

TAPEHEAD_OP_TEST(clone).sample({{{{2, 3}}},
                                [](const Tensors& in) { return Tensors{in[0].clone()}; },
                                reshaped({2, 3})});
TAPEHEAD_OP_TEST(to).sample({{{{2, 3}}},
                             [](const Tensors& in) {
                               return Tensors{in[0].to(f64).to(in[0].dtype())};
                             },
                             reshaped({2, 3})});
TAPEHEAD_OP_TEST(contiguous)
    .sample({{{{2, 3}}},
             [](const Tensors& in) { return Tensors{in[0].contiguous()}; },
             reshaped({2, 3})});

TAPEHEAD_OP_TEST(permute)
    .sample({{{{2, 3, 4}}},
             [](const Tensors& in) {
               return Tensors{in[0].permute({0, -1, 1})};
             },
             transposed})
    .bad<ShapeError>(
        [] {
          ones({2, 3}).permute({0, 0});
        },
        "permute: axes [0, 0] are not a permutation of the 2 axes of shape [2, 3]");

TAPEHEAD_OP_TEST(transpose)
    .sample({{{{2, 3, 4}}},
             [](const Tensors& in) { return Tensors{in[0].transpose(-1, 1)}; },
             transposed})
    .bad<IndexError>(
        [] {
          ones({2, 3}).transpose(0, 2);
        },
        "transpose: axis 2 is outside -2..1 of a tensor with 2 dimensions");

TAPEHEAD_OP_TEST(movedim)
    .sample({{{{2, 3, 4}}},
             [](const Tensors& in) { return Tensors{movedim(in[0], -1, 0)}; },
             last_axis_first})
    .sample({{{{2, 3, 4}}},
             [](const Tensors& in) { return Tensors{movedim(in[0], 1, 2)}; },
             transposed})
    .bad<IndexError>(
        [] {
          movedim(ones({2, 3}), 0, 2);
        },
        "movedim: axis 2 is outside -2..1 of a tensor with 2 dimensions");

TAPEHEAD_OP_TEST(expand)
    .sample({{{{3, 1}}},
             [](const Tensors& in) {
               return Tensors{in[0].expand({2, -1, 4})};
             },
             expanded})
    .bad<ShapeError>(
        [] {
          ones({3, 2}).expand({3, 4});
        },
        "expand: shape [3, 2] does not broadcast to [3, 4]; only sizes of 1 are repeated")
    .bad<ShapeError>([] { ones({1}).expand({-2}); },
                     "expand: shape [1] does not broadcast to [-2]; only sizes of 1 are repeated");

TAPEHEAD_OP_TEST(broadcast_to)
    .sample({{{{3, 1}}},
             [](const Tensors& in) {
               return Tensors{broadcast_to(in[0], {2, 3, 4})};
             },
             expanded})
    .bad<ShapeError>([] { broadcast_to(ones({3}), {2}); },
                     "expand: shape [3] does not broadcast to [2]; only sizes of 1 are repeated");

}  // namespace tapehead::op_tests

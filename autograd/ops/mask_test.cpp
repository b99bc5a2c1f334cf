#include "tapehead/core/creation.h"
#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

// Rows that are masked entirely, not at all, and partly.
static Sample filled_rows(std::vector<double> masked) {
  return {{Operand({3, 2}), given(mask({3, 2}), std::move(masked))},
          [](const Tensors& in) { return Tensors{masked_fill(in[0], in[1], 4)}; },
          [](Arrays& in) {
            return Arrays{map(in, [](const double* v) { return v[1] != 0 ? 4 : v[0]; })};
          }};
}

TAPEHEAD_OP_TEST(masked_fill)
    .samples({filled_rows({1, 1, 0, 0, 1, 0}), filled_rows({1, 1, 1, 1, 1, 1}),
              filled_rows({0, 0, 0, 0, 0, 0})})
    .sample({{Operand({2, 3, 4}), mask({2, 1, 4})},
             [](const Tensors& in) { return Tensors{masked_fill(in[0], in[1], -7)}; },
             [](Arrays& in) {
               Array out = in[0];
               for (int64_t i = 0; i < 2; ++i)
                 for (int64_t j = 0; j < 3; ++j)
                   for (int64_t k = 0; k < 4; ++k)
                     if (in[1](i, 0, k) != 0) out(i, j, k) = -7;
               return Arrays{out};
             }})
    .sample({{Operand({3}), mask({2, 3})},
             [](const Tensors& in) { return Tensors{masked_fill(in[0], in[1], 0.5)}; },
             [](Arrays& in) {
               Array out({2, 3});
               for (int64_t i = 0; i < 2; ++i)
                 for (int64_t j = 0; j < 3; ++j) out(i, j) = in[1](i, j) != 0 ? 0.5 : in[0](j);
               return Arrays{out};
             }})
    .bad<DTypeError>(
        [] {
          masked_fill(zeros({2}), tensor({0, 1}), 0);
        },
        "masked_fill: the mask is i64; it must be bool; use a comparison or to(boolean)")
    .bad<ShapeError>(
        [] {
          masked_fill(zeros({2}), tensor({true, false, true}), 0);
        },
        "masked_fill: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in the "
        "other; sizes must be equal or 1");

TAPEHEAD_OP_TEST(masked_select)
    .sample({{Operand({2, 3})},
             [](const Tensors& in) {
               return Tensors{
                   masked_select(in[0], tensor({{true, false, true}, {false, false, true}}))};
             },
             [](Arrays& in) {
               Array out({3});
               out(0) = in[0](0, 0), out(1) = in[0](0, 2), out(2) = in[0](1, 2);
               return Arrays{out};
             }})
    .sample({{Operand({2, 1})},
             [](const Tensors& in) {
               return Tensors{masked_select(in[0], tensor({true, false, true}))};
             },
             [](Arrays& in) {
               Array out({4});
               out(0) = out(1) = in[0](0, 0), out(2) = out(3) = in[0](1, 0);
               return Arrays{out};
             }})
    .sample({{Operand({2, 2})},
             [](const Tensors& in) {
               return Tensors{masked_select(in[0], tensor({{true, true}, {true, true}}))};
             },
             reshaped({4})})
    .sample({{Operand({2})},
             [](const Tensors& in) {
               return Tensors{masked_select(in[0], tensor({false, false}))};
             },
             [](Arrays&) { return Arrays{Array({0})}; }})
    .bad<DTypeError>(
        [] { masked_select(zeros({2}), zeros({2})); },
        "masked_select: the mask is f32; it must be bool; use a comparison or to(boolean)");

TAPEHEAD_OP_TEST(argwhere).sample({.operands = {mask({3, 4})},
                                   .call =
                                       [](const Tensors& in) {
                                         const Tensors columns = where(in[0]);
                                         return Tensors{argwhere(in[0]), stack(columns, 1)};
                                       },
                                   .reference = nullptr,
                                   .differentiable = false});

TAPEHEAD_OP_TEST(nonzero).sample({{mask({3, 4})},
                                  [](const Tensors& in) { return Tensors{nonzero(in[0])}; },
                                  [](Arrays& in) {
                                    std::vector<double> found;
                                    for (int64_t i = 0; i < 3; ++i)
                                      for (int64_t j = 0; j < 4; ++j)
                                        if (in[0](i, j) != 0)
                                          found.push_back(static_cast<double>(i)),
                                              found.push_back(static_cast<double>(j));
                                    Array out({static_cast<int64_t>(found.size()) / 2, 2});
                                    out.values = found;
                                    return Arrays{out};
                                  },
                                  1,
                                  false});

}  // namespace tapehead::op_tests

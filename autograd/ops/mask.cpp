// Elements chosen by a condition: masked_fill, masked_select, nonzero.
#ifndef TAPEHEAD_ROWS
#include <fmt/format.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/index.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

struct MaskedFill : CustomOp {
  static constexpr const char* kName = "masked_fill";
  Tensor forward(const Tensor& x, const Tensor& mask, const Number& value) {
    save(mask);
    broadcast_shapes(kName, x.shape(), mask.shape());  // names these two if they do not fit
    core::check_range(kName, value, x.dtype());
    return core::where(kName, mask, core::full({}, value, x.dtype()), x);
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    return {masked_fill(dy, saved(0), 0), Tensor()};
  }
};

void check_mask(const char* op, const Tensor& mask) {
  if (mask.dtype() != boolean)
    throw DTypeError(
        fmt::format("{}: the mask is {}; it must be bool, as comparisons give or to(boolean)", op,
                    name(mask.dtype())));
}

}  // namespace

Tensor masked_fill(const Tensor& x, const Tensor& mask, const Number& value) {
  check_mask("masked_fill", mask);
  return apply<MaskedFill>(x, mask, value);
}

Tensor masked_select(const Tensor& x, const Tensor& mask) {
  check_mask("masked_select", mask);
  const Shape shape = broadcast_shapes("masked_select", x.shape(), mask.shape());
  const Tensor chosen = core::nonzero_positions(mask.detach().expand(shape));
  return index_select(x.expand(shape).reshape({-1}), 0, chosen);
}

Tensor nonzero(const Tensor& x) {
  const Tensor flat = core::nonzero_positions(x);
  Tensor out = core::empty({flat.numel(), x.dim()}, i64);
  for (int64_t i = 0; i < flat.numel(); ++i) {
    int64_t rest = flat.data<int64_t>()[i];
    for (int axis = x.dim() - 1; axis >= 0; --axis) {
      out.data<int64_t>()[i * x.dim() + axis] = rest % x.shape()[axis];
      rest /= x.shape()[axis];
    }
  }
  return out;
}

}  // namespace tapehead

#else  // TAPEHEAD_ROWS: the rows of these ops in the table of tests
#include "tapehead/core/creation.h"
#include "tapehead/tests/op_row.h"

namespace tapehead::rows {

// Rows that are wholly masked, not at all, and in part.
static Sample filled_rows(std::vector<double> masked) {
  return {{Operand({3, 2}), given(mask({3, 2}), std::move(masked))},
          [](const Tensors& in) { return Tensors{masked_fill(in[0], in[1], 4)}; },
          [](Arrays& in) {
            return Arrays{map(in, [](const double* v) { return v[1] != 0 ? 4 : v[0]; })};
          }};
}

TAPEHEAD_ROW(masked_fill)
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
        "masked_fill: the mask is i64; it must be bool, as comparisons give or to(boolean)")
    .bad<ShapeError>(
        [] {
          masked_fill(zeros({2}), tensor({true, false, true}), 0);
        },
        "masked_fill: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in the "
        "other; sizes must be equal or 1");

TAPEHEAD_ROW(masked_select)
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
        "masked_select: the mask is f32; it must be bool, as comparisons give or to(boolean)");

TAPEHEAD_ROW(nonzero).sample({{mask({3, 4})},
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

}  // namespace tapehead::rows
#endif

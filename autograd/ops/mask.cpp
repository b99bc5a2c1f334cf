// Elements selected by a condition: masked_fill, masked_select, nonzero.
#include "tapehead/autograd/ops/mask.h"

#include <fmt/format.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/views.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/autograd/ops/scatter.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/index.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

struct MaskedFill : BroadcastingOp {
  static constexpr const char* kName = "masked_fill";
  Tensor forward(const Tensor& x, const Tensor& mask, const Number& value) {
    save(mask);
    broadcast_shapes(kName, x.shape(), mask.shape());  // reports the shapes of x and mask
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
        fmt::format("{}: the mask is {}; it must be bool; use a comparison or to(boolean)", op,
                    name(mask.dtype())));
}

}  // namespace

Tensor masked_fill(const Tensor& x, const Tensor& mask, const Number& value) {
  check_mask("masked_fill", mask);
  return apply<MaskedFill>(x, mask, value);
}

const Tensor& masked_fill_(const Tensor& x, const Tensor& mask, const Number& value) {
  check_mask("masked_fill_", mask);
  if (!broadcasts_to(mask.shape(), x.shape()))
    throw ShapeError(fmt::format("masked_fill_: shape {} of the mask does not broadcast to {}",
                                 mask.shape().str(), core::describe(x)));
  core::check_range("masked_fill_", value, x.dtype());
  const Tensor other = core::full({}, value, x.dtype());
  detail::change(
      "masked_fill_", x, other,
      [&] { return apply<MaskedFill>(detail::copy_on_tape(x), mask, value); },
      [&] { core::where_into(x, detail::apart(mask, x), other, x); });
  return x;
}

Tensor masked_select(const Tensor& x, const Tensor& mask) {
  check_mask("masked_select", mask);
  const Shape shape = broadcast_shapes("masked_select", x.shape(), mask.shape());
  const Tensor chosen = core::nonzero_positions(mask.detach().expand(shape));
  return index_select(x.expand(shape).reshape({-1}), 0, chosen);
}

Tensor argwhere(const Tensor& x) { return nonzero(x); }

std::vector<Tensor> where(const Tensor& condition) { return unbind(nonzero(condition), 1); }

Tensor nonzero(const Tensor& x) {
  const Tensor flat = core::nonzero_positions(x);
  const int rank = x.dim();
  Tensor out = core::empty({flat.numel(), rank}, i64);
  if (rank == 0) return out;
  const auto* at = flat.data<int64_t>();
  auto* row = out.data<int64_t>();
  const int64_t columns = x.shape().back();
  Shape position = Shape::filled(rank, 0);
  int64_t first = 0;  // the flat position of `position`, whose last index is 0
  for (int64_t i = 0; i < flat.numel(); ++i, row += rank) {
    if (at[i] >= first + columns) {
      first = at[i] / columns * columns;
      for (int64_t axis = rank - 2, rest = first / columns; axis >= 0; --axis) {
        const int64_t size = x.shape()[static_cast<int>(axis)];
        position[static_cast<int>(axis)] = rest % size;
        rest /= size;
      }
    }
    for (int axis = 0; axis < rank - 1; ++axis) row[axis] = position[axis];
    row[rank - 1] = at[i] - first;
  }
  return out;
}

}  // namespace tapehead

// Elements selected by a condition: masked_fill, masked_select, nonzero.
#include "tapehead/autograd/ops/mask.h"

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

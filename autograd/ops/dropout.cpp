// dropout.
#include "tapehead/autograd/ops/dropout.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/dropout.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/mapped.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

// The mask is not saved: backward regenerates it from the same draw.
struct Dropout : CustomOp {
  static constexpr const char* kName = "dropout";
  double p;
  Generator draw;
  Tensor forward(const Tensor& x, double probability, const Generator& at) {
    p = probability;
    draw = at;
    return core::drop(x, p, draw);
  }
  Tensor backward(const Tensor& dy) const { return apply<Dropout>(dy, p, draw); }
};

}  // namespace

Tensor dropout(const Tensor& x, double p, bool training, Generator& generator) {
  if (!(p >= 0 && p <= 1))
    throw ValueError(fmt::format("dropout: the probability {} is outside 0..1", p));
  if (!is_floating(x.dtype()))
    throw DTypeError(fmt::format("dropout: {} is not f32, f64, bf16 or f16; convert with to(f32)",
                                 core::describe(x)));
  if (!training || p == 0) return x;
  detail::check_not_vectorized();
  const Generator draw = generator;
  ++generator.draws;
  return apply<Dropout>(x, p, draw);
}

}  // namespace tapehead

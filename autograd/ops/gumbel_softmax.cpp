// gumbel_softmax.
#include <fmt/format.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/distributions.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

// The value of the second operand with the gradient of the first.
struct StraightThrough : CustomOp {
  static constexpr const char* kName = "gumbel_softmax";
  Tensor forward(const Tensor&, const Tensor& value) { return value; }
  std::array<Tensor, 2> backward(const Tensor& dy) const { return {dy, Tensor()}; }
};

}  // namespace

Tensor gumbel_softmax(const Tensor& logits, double tau, bool hard, int64_t axis,
                      Generator& generator) {
  const char* op = "gumbel_softmax";
  core::check_floating(op, logits);
  if (!(tau > 0)) throw ValueError(fmt::format("{}: tau is {}; it must be positive", op, tau));
  const int along = normalize_axis(op, axis, logits.dim());
  const Tensor noise = gumbel(0, 1, logits.shape(), f32, generator);
  const DType wide = wide_type(logits.dtype());
  const Tensor soft = softmax((logits.to(wide) + noise.to(wide)) / tau, along).to(logits.dtype());
  if (!hard) return soft;
  const Tensor value = no_grad([&] {
    const Tensor place = argmax(soft, along, true);
    return scatter(zeros_like(soft), along, place, ones(place.shape(), soft.dtype()));
  });
  return apply<StraightThrough>(soft, value);
}

}  // namespace tapehead

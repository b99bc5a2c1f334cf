#include "tapehead/autograd/autocast.h"

#include <fmt/format.h>

#include "tapehead/core/error.h"

namespace tapehead {

void detail::check_autocast_type(DType dtype) {
  if (dtype != DType::bf16)
    throw DTypeError(fmt::format("autocast: {} is not supported; use bf16", name(dtype)));
}

bool detail::autocasts(const Tensor& a, const Tensor& b) {
  return autocast_mode != DType::f32 && is_f32_or_bf16(a) && is_f32_or_bf16(b);
}

Tensor detail::autocast(const Tensor& x) { return x.to(autocast_mode); }

Tensor detail::in_f32(const Tensor& x) { return x.defined() ? x.to(in_f32(x.dtype())) : x; }

}  // namespace tapehead

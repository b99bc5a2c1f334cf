#include "tapehead/autograd/autocast.h"

#include <fmt/format.h>

#include "tapehead/core/error.h"

namespace tapehead {

void detail::check_autocast_type(DType dtype) {
  if (dtype != DType::bf16)
    throw DTypeError(fmt::format("autocast: {} is not supported; use bf16", name(dtype)));
}

}  // namespace tapehead

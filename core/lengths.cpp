#include "tapehead/core/detail/lengths.h"

#include <fmt/format.h>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead::core {

Tensor check_lengths(const char* op, const Tensor& lengths, int64_t B, int64_t T, int64_t least) {
  if (!is_integral(lengths.dtype()))
    throw DTypeError(fmt::format("{}: lengths are {}; they must be integers; convert with to(i64)",
                                 op, name(lengths.dtype())));
  if (lengths.shape() != Shape{B})
    throw ShapeError(fmt::format("{}: lengths are {}; expected [{}], one for each sequence", op,
                                 lengths.shape().str(), B));
  const Tensor list = contiguous(cast(lengths.detach(), i64));
  const auto* at = list.data<int64_t>();
  for (int64_t b = 0; b < B; ++b)
    if (at[b] < least || at[b] > T)
      throw IndexError(
          fmt::format("{}: lengths[{}] = {} is outside {}..{}", op, b, at[b], least, T));
  return list;
}

}  // namespace tapehead::core

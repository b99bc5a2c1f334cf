#include "tapehead/core/number.h"

#include <fmt/format.h>

#include "tapehead/core/error.h"

namespace tapehead {

void detail::throw_beyond_i64(uint64_t value) {
  throw ValueError(fmt::format("number: {} does not fit in i64; convert it to double", value));
}

void core::check_range(const char* op, const Number& number, DType dtype) {
  if (visit(dtype, [&]<class T>() { return detail::fits<T>(number); })) return;
  throw ValueError(fmt::format(
      "{}: {} is outside the range of {}; use a smaller number, or convert with to()", op,
      is_floating(number.dtype) ? fmt::format("{}", number.floating)
                                : fmt::format("{}", number.integer),
      name(dtype)));
}

}  // namespace tapehead

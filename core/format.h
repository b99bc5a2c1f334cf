// Printing: fmt::print("{}", tensor), std::cout << tensor. Includes only fmt/core.h of fmt.
#pragma once

#include <fmt/core.h>

#include <iosfwd>
#include <string>

#include "tapehead/core/tensor.h"

namespace tapehead {

std::ostream& operator<<(std::ostream& out, const Tensor& x);
std::ostream& operator<<(std::ostream& out, const Shape& shape);
std::ostream& operator<<(std::ostream& out, DType dtype);

namespace detail {

// Base of formatters without format options.
struct PlainFormatter {
  constexpr auto parse(fmt::format_parse_context& context) {
    if (context.begin() != context.end() && *context.begin() != '}')
      context.on_error("this type has no format options");
    return context.begin();
  }
};

}  // namespace detail
}  // namespace tapehead

/// Formats as `{}`, or as `{:.2}` with another precision than the default 4 digits.
template <>
struct fmt::formatter<tapehead::Tensor> {
  int precision = 4;  ///< digits after the decimal point

  constexpr auto parse(fmt::format_parse_context& context) {
    auto at = context.begin();
    const auto end = context.end();
    if (at != end && *at == '.') {
      precision = 0;
      for (++at; at != end && *at >= '0' && *at <= '9' && precision < 100; ++at)
        precision = 10 * precision + (*at - '0');
    }
    if (at != end && *at != '}')
      context.on_error("the format of a tensor is {} or a precision, {:.2}");
    return at;
  }
  template <class Context>
  auto format(const tapehead::Tensor& x, Context& context) const {
    return fmt::format_to(context.out(), "{}", x.str(precision));
  }
};

/// Formats as str().
template <>
struct fmt::formatter<tapehead::IndexedTensor> : fmt::formatter<tapehead::Tensor> {};

/// Formats as str().
template <>
struct fmt::formatter<tapehead::Shape> : tapehead::detail::PlainFormatter {
  template <class Context>
  auto format(const tapehead::Shape& shape, Context& context) const {
    return fmt::format_to(context.out(), "{}", shape.str());
  }
};

/// Formats as str().
template <>
struct fmt::formatter<tapehead::DType> : tapehead::detail::PlainFormatter {
  template <class Context>
  auto format(tapehead::DType dtype, Context& context) const {
    return fmt::format_to(context.out(), "{}", tapehead::name(dtype));
  }
};

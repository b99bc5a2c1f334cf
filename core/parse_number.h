// Numbers from text.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tapehead {

/// The number that the whole text spells, as std::from_chars reads it: no spaces, no '+', the
/// decimal point of the C locale. None for other text and for numbers that T cannot hold. T is
/// int64_t, uint64_t or double.
/// Example: parse_number<int64_t>("17").value()  // 17
template <class T>
std::optional<T> parse_number(std::string_view text);

/// The same for integers in a base from 2 to 36, in digits and letters without a prefix.
/// Example: parse_number<int64_t>("ff", 16).value()  // 255
template <class T>
std::optional<T> parse_number(std::string_view text, int base);

}  // namespace tapehead

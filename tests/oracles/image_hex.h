// The bytes of recorded images.
#pragma once

#include <string>
#include <string_view>

namespace tapehead::test {

/// The bytes written as two hexadecimal digits each.
inline std::string bytes_of_hex(std::string_view digits) {
  const auto value = [](char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; };
  std::string bytes;
  for (size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes += static_cast<char>(16 * value(digits[i]) + value(digits[i + 1]));
  return bytes;
}

}  // namespace tapehead::test

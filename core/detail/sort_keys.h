// Elements as unsigned integers of the same order, which sorting and searching work on, so that
// they are compiled once for all dtypes.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include "tapehead/core/dtype.h"

namespace tapehead::core {

inline constexpr uint64_t kNanKey = ~uint64_t{0};  // above every number

/// The bits of a floating number, with the sign bit of a positive one set and all of a negative
/// one flipped; 0 and -0 have one key. Does not branch on signs, which cannot be predicted.
template <class Bits>
uint64_t floating_key(Bits bits, Bits infinity) {
  constexpr Bits kSign = static_cast<Bits>(Bits{1} << (8 * sizeof(Bits) - 1));
  const Bits size = static_cast<Bits>(bits & ~kSign);
  const Bits negative = static_cast<Bits>(0 - static_cast<Bits>(bits > kSign));  // all ones
  return size > infinity ? kNanKey : static_cast<Bits>((size | kSign) ^ negative);
}

template <class T>
uint64_t sort_key(T x) {
  if constexpr (std::is_same_v<T, float>)
    return floating_key<uint32_t>(std::bit_cast<uint32_t>(x), 0x7f800000);
  else if constexpr (std::is_same_v<T, double>)
    return floating_key<uint64_t>(std::bit_cast<uint64_t>(x), uint64_t{0x7ff} << 52);
  else if constexpr (std::is_same_v<T, bfloat16>) return floating_key<uint16_t>(x.bits, 0x7f80);
  else if constexpr (std::is_same_v<T, float16>) return floating_key<uint16_t>(x.bits, 0x7c00);
  else if constexpr (std::is_unsigned_v<T>) return x;
  else
    return static_cast<std::make_unsigned_t<T>>(
        static_cast<std::make_unsigned_t<T>>(x) ^
        (std::make_unsigned_t<T>{1} << (8 * sizeof(T) - 1)));
}

/// Writes the keys of n elements.
void sort_keys(DType dtype, const void* x, int64_t n, uint64_t* keys);

}  // namespace tapehead::core

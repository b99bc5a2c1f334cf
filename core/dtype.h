// Element types.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

namespace tapehead {

/// A 16-bit floating number, the upper half of an f32: 8 exponent bits and 7 mantissa bits.
/// Conversion from float rounds to nearest even.
struct bfloat16 {
  static constexpr int kDigits = 8;  ///< of the significand, in bits

  uint16_t bits = 0;

  bfloat16() = default;
  bfloat16(float x) : bits(round(x)) {}
  operator float() const {
    const uint32_t wide = uint32_t{bits} << 16;
    float x;
    __builtin_memcpy(&x, &wide, sizeof x);
    return x;
  }

 private:
  static uint16_t round(float x) {
    uint32_t wide;
    __builtin_memcpy(&wide, &x, sizeof wide);
    if (x != x) return 0x7fc0;
    return static_cast<uint16_t>((wide + 0x7fff + ((wide >> 16) & 1)) >> 16);
  }
};

/// A 16-bit floating number of IEEE 754: 5 exponent bits and 10 mantissa bits, with subnormals,
/// infinities and NaN. Conversion from float rounds to nearest even; numbers from 65520 on become
/// infinite.
struct float16 {
  static constexpr int kDigits = 11;  ///< of the significand, in bits

  uint16_t bits = 0;

  float16() = default;
  float16(float x) : bits(round(x)) {}
  // Both conversions compute with integers, so that it does not matter whether the CPU flushes
  // denormals.
  operator float() const {
    constexpr uint32_t kRebias = (127 - 15) << 23;
    const uint32_t size = bits & 0x7fff;
    uint32_t wide = (size << 13) + kRebias;
    if (size >= 0x7c00) wide += kRebias;  // infinity, NaN
    if (size < 0x400) wide = size == 0 ? 0 : word_of(static_cast<float>(size)) - (24 << 23);
    wide |= static_cast<uint32_t>(bits & 0x8000) << 16;
    float x;
    __builtin_memcpy(&x, &wide, sizeof x);
    return x;
  }

 private:
  static uint32_t word_of(float x) {
    uint32_t word;
    __builtin_memcpy(&word, &x, sizeof word);
    return word;
  }
  static uint16_t round(float x) {
    const uint32_t sign = word_of(x) >> 31 << 15, size = word_of(x) & 0x7fffffff;
    if (size >= (127u + 16) << 23)
      return static_cast<uint16_t>(sign | (size > 0x7f800000 ? 0x7e00 : 0x7c00));
    uint32_t significand = size - ((127 - 15) << 23), shift = 13;
    if (size < (127u - 14) << 23) {  // subnormal, in units of 2^-24
      significand = (size & 0x7fffff) | 0x800000;
      shift = 126 - (size >> 23);
      if (shift > 24) return static_cast<uint16_t>(sign);
    }
    const uint32_t below_half = (1u << (shift - 1)) - 1, odd = (significand >> shift) & 1;
    return static_cast<uint16_t>(sign | (significand + below_half + odd) >> shift);
  }
};

/// The types of elements; `boolean` is bool, whose elements are one byte.
enum class DType : uint8_t { f32, f64, bf16, i64, i32, u8, boolean, f16, i16, i8 };
inline constexpr int kDTypes = 10;  ///< The number of types.
/// The types, without `DType::`.
inline constexpr DType f32 = DType::f32, f64 = DType::f64, bf16 = DType::bf16, i64 = DType::i64,
                       i32 = DType::i32, u8 = DType::u8, boolean = DType::boolean, f16 = DType::f16,
                       i16 = DType::i16, i8 = DType::i8;

/// The name of a dtype: "f32", "bool", ….
const char* name(DType dtype);
/// The size of an element in bytes.
constexpr int64_t size_of(DType dtype) {
  constexpr int8_t kSizes[kDTypes] = {4, 8, 2, 8, 4, 1, 1, 2, 2, 1};
  return kSizes[static_cast<int>(dtype)];
}
/// Whether the dtype is bf16 or f16, in which results are stored but sums are not accumulated.
constexpr bool is_reduced_floating(DType d) { return d == bf16 || d == f16; }
/// Whether the dtype is f32, f64, bf16 or f16; only these have gradients.
constexpr bool is_floating(DType d) { return d == f32 || d == f64 || is_reduced_floating(d); }
/// Whether the dtype is i64, i32, i16, i8 or u8.
constexpr bool is_integral(DType d) {
  return d == i64 || d == i32 || d == i16 || d == i8 || d == u8;
}

/// The dtype that both promote to, by PyTorch's lattice: the later of
/// bool < u8, i8 < i16 < i32 < i64 < bf16, f16 < f32 < f64; i16 for u8 and i8, f32 for bf16 and
/// f16.
DType promote(DType a, DType b);

/// The DType that corresponds to a C++ element type.
template <class T>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, float>) return f32;
  else if constexpr (std::is_same_v<T, double>) return f64;
  else if constexpr (std::is_same_v<T, bfloat16>) return bf16;
  else if constexpr (std::is_same_v<T, int64_t>) return i64;
  else if constexpr (std::is_same_v<T, int32_t>) return i32;
  else if constexpr (std::is_same_v<T, uint8_t>) return u8;
  else if constexpr (std::is_same_v<T, float16>) return f16;
  else if constexpr (std::is_same_v<T, int16_t>) return i16;
  else if constexpr (std::is_same_v<T, int8_t>) return i8;
  else {
    static_assert(std::is_same_v<T, bool>, "no tensor has elements of this type");
    return boolean;
  }
}

/// Calls `f.template operator()<T>()` with the C++ type T of `dtype`:
///   visit(x.dtype(), [&]<class T>() { fill(x.data<T>(), …); });
template <class F>
decltype(auto) visit(DType dtype, F&& f) {
  switch (dtype) {
    case DType::f32: return f.template operator()<float>();
    case DType::f64: return f.template operator()<double>();
    case DType::bf16: return f.template operator()<bfloat16>();
    case DType::i64: return f.template operator()<int64_t>();
    case DType::i32: return f.template operator()<int32_t>();
    case DType::u8: return f.template operator()<uint8_t>();
    case DType::f16: return f.template operator()<float16>();
    case DType::i16: return f.template operator()<int16_t>();
    case DType::i8: return f.template operator()<int8_t>();
    case DType::boolean: break;
  }
  return f.template operator()<bool>();
}

/// The type that kernels of floating types compute in: f64 for f64, else f32.
constexpr DType wide_type(DType dtype) { return dtype == f64 ? f64 : f32; }

/// visit() for f32 and f64, the types that kernels compute in.
template <class F>
decltype(auto) visit_wide(DType dtype, F&& f) {
  return dtype == f32 ? f.template operator()<float>() : f.template operator()<double>();
}

}  // namespace tapehead

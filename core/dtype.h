// Element types.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

namespace tapehead {

/// A 16-bit floating number, the upper half of an f32: 8 exponent bits and 7 mantissa bits.
/// Conversion from float rounds to nearest even.
struct bfloat16 {
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

enum class DType : uint8_t { f32, f64, bf16, i64, i32, u8, boolean };
inline constexpr int kDTypes = 7;
inline constexpr DType f32 = DType::f32, f64 = DType::f64, bf16 = DType::bf16, i64 = DType::i64,
                       i32 = DType::i32, u8 = DType::u8, boolean = DType::boolean;

/// The name of a dtype: "f32", "bool", ….
const char* name(DType dtype);
/// The size of an element in bytes.
constexpr int64_t size_of(DType dtype) {
  constexpr int8_t kSizes[kDTypes] = {4, 8, 2, 8, 4, 1, 1};
  return kSizes[static_cast<int>(dtype)];
}
/// Whether the dtype is f32, f64 or bf16; only these have gradients.
constexpr bool is_floating(DType d) { return d == f32 || d == f64 || d == bf16; }
/// Whether the dtype is i64, i32 or u8.
constexpr bool is_integral(DType d) { return d == i64 || d == i32 || d == u8; }

/// The dtype that both promote to, by PyTorch's lattice: bool < u8 < i32 < i64 < bf16 < f32 < f64.
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
    case DType::boolean: break;
  }
  return f.template operator()<bool>();
}

/// visit() for f32 and f64, the types that kernels compute in.
template <class F>
decltype(auto) visit_wide(DType dtype, F&& f) {
  return dtype == f32 ? f.template operator()<float>() : f.template operator()<double>();
}

}  // namespace tapehead

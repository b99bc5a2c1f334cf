// Written by tests/oracles/promotion.py with PyTorch 2.13.0: not for editing by hand.
// clang-format off
#pragma once

namespace tapehead::test {

/// A tensor or C++ number, and the types of its results with each of the operands in their order;
/// - where both are numbers.
struct PromotionRow { const char* operand; const char* results; };
inline constexpr PromotionRow kPromotion[] = {
  {"[2] f32", "f32 f64 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32"},
  {"[2] f64", "f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64"},
  {"[2] bf16", "f32 f64 bf16 bf16 bf16 bf16 bf16 f32 bf16 bf16 bf16 bf16 bf16 bf16 bf16 bf16 bf16 bf16 bf16 bf16 bf16 bf16 bf16"},
  {"[2] i64", "f32 f64 bf16 i64 i64 i64 i64 f16 i64 i64 f32 f64 bf16 i64 i64 i64 i64 f16 i64 i64 f32 i64 i64"},
  {"[2] i32", "f32 f64 bf16 i64 i32 i32 i32 f16 i32 i32 f32 f64 bf16 i32 i32 i32 i32 f16 i32 i32 f32 i32 i32"},
  {"[2] u8", "f32 f64 bf16 i64 i32 u8 u8 f16 i16 i16 f32 f64 bf16 u8 u8 u8 u8 f16 u8 u8 f32 u8 u8"},
  {"[2] bool", "f32 f64 bf16 i64 i32 u8 bool f16 i16 i8 f32 f64 bf16 i64 i32 u8 bool f16 i16 i8 f32 i64 bool"},
  {"[2] f16", "f32 f64 f32 f16 f16 f16 f16 f16 f16 f16 f16 f16 f16 f16 f16 f16 f16 f16 f16 f16 f16 f16 f16"},
  {"[2] i16", "f32 f64 bf16 i64 i32 i16 i16 f16 i16 i16 f32 f64 bf16 i16 i16 i16 i16 f16 i16 i16 f32 i16 i16"},
  {"[2] i8", "f32 f64 bf16 i64 i32 i16 i8 f16 i16 i8 f32 f64 bf16 i8 i8 i8 i8 f16 i8 i8 f32 i8 i8"},
  {"[] f32", "f32 f64 bf16 f32 f32 f32 f32 f16 f32 f32 f32 f64 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32"},
  {"[] f64", "f32 f64 bf16 f64 f64 f64 f64 f16 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64"},
  {"[] bf16", "f32 f64 bf16 bf16 bf16 bf16 bf16 f16 bf16 bf16 f32 f64 bf16 bf16 bf16 bf16 bf16 f32 bf16 bf16 bf16 bf16 bf16"},
  {"[] i64", "f32 f64 bf16 i64 i32 u8 i64 f16 i16 i8 f32 f64 bf16 i64 i64 i64 i64 f16 i64 i64 f32 i64 i64"},
  {"[] i32", "f32 f64 bf16 i64 i32 u8 i32 f16 i16 i8 f32 f64 bf16 i64 i32 i32 i32 f16 i32 i32 f32 i32 i32"},
  {"[] u8", "f32 f64 bf16 i64 i32 u8 u8 f16 i16 i8 f32 f64 bf16 i64 i32 u8 u8 f16 i16 i16 f32 u8 u8"},
  {"[] bool", "f32 f64 bf16 i64 i32 u8 bool f16 i16 i8 f32 f64 bf16 i64 i32 u8 bool f16 i16 i8 f32 i64 bool"},
  {"[] f16", "f32 f64 bf16 f16 f16 f16 f16 f16 f16 f16 f32 f64 f32 f16 f16 f16 f16 f16 f16 f16 f16 f16 f16"},
  {"[] i16", "f32 f64 bf16 i64 i32 u8 i16 f16 i16 i8 f32 f64 bf16 i64 i32 i16 i16 f16 i16 i16 f32 i16 i16"},
  {"[] i8", "f32 f64 bf16 i64 i32 u8 i8 f16 i16 i8 f32 f64 bf16 i64 i32 i16 i8 f16 i16 i8 f32 i8 i8"},
  {"double", "f32 f64 bf16 f32 f32 f32 f32 f16 f32 f32 f32 f64 bf16 f32 f32 f32 f32 f16 f32 f32 - - -"},
  {"int", "f32 f64 bf16 i64 i32 u8 i64 f16 i16 i8 f32 f64 bf16 i64 i32 u8 i64 f16 i16 i8 - - -"},
  {"true", "f32 f64 bf16 i64 i32 u8 bool f16 i16 i8 f32 f64 bf16 i64 i32 u8 bool f16 i16 i8 - - -"},
};

}  // namespace tapehead::test

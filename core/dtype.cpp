#include "tapehead/core/dtype.h"

namespace tapehead {
namespace {

// The level of a type in the promotion lattice. Two types of one level promote to the next level.
int promotion_level(DType dtype) {
  constexpr int kLevel[kDTypes] = {6, 7, 5, 4, 3, 1, 0, 5, 2, 1};
  return kLevel[static_cast<int>(dtype)];
}

}  // namespace

const char* name(DType dtype) {
  constexpr const char* kNames[kDTypes] = {"f32", "f64",  "bf16", "i64", "i32",
                                           "u8",  "bool", "f16",  "i16", "i8"};
  return kNames[static_cast<int>(dtype)];
}

DType promote(DType a, DType b) {
  if (a == b) return a;
  const int level_a = promotion_level(a), level_b = promotion_level(b);
  if (level_a == level_b) return is_floating(a) ? f32 : i16;
  return level_a > level_b ? a : b;
}

}  // namespace tapehead

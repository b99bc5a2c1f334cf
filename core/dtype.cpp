#include "tapehead/core/dtype.h"

#include <algorithm>

namespace tapehead {
namespace {

// Position in the promotion lattice, which is a chain.
int promotion_rank(DType dtype) {
  constexpr int kRank[kDTypes] = {5, 6, 4, 3, 2, 1, 0};
  return kRank[static_cast<int>(dtype)];
}

}  // namespace

const char* name(DType dtype) {
  constexpr const char* kNames[kDTypes] = {"f32", "f64", "bf16", "i64", "i32", "u8", "bool"};
  return kNames[static_cast<int>(dtype)];
}

DType promote(DType a, DType b) { return promotion_rank(a) >= promotion_rank(b) ? a : b; }

}  // namespace tapehead

// The limits of dtypes, as of torch.finfo and torch.iinfo.
#pragma once

#include <cstdint>

#include "tapehead/core/dtype.h"

namespace tapehead {

/// The limits of a floating dtype.
struct FloatInfo {
  DType dtype;
  int bits;                ///< the size of an element
  double eps;              ///< the distance from 1 to the next larger number
  double min, max;         ///< the lowest and the largest finite number
  double smallest_normal;  ///< the smallest positive number of full precision
  double tiny;             ///< smallest_normal
  double resolution;       ///< 10^-n, where numbers of n decimal digits are distinguished
};
/// The limits of f32, f64, bf16 or f16: `finfo(f16).max` is 65504. Throws DTypeError for others.
FloatInfo finfo(DType dtype);

/// The limits of an integer dtype.
struct IntegerInfo {
  DType dtype;
  int bits;  ///< the size of an element
  int64_t min, max;
};
/// The limits of i64, i32, i16, i8 or u8: `iinfo(i8).min` is -128. Throws DTypeError for others.
IntegerInfo iinfo(DType dtype);

}  // namespace tapehead

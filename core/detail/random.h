// Random numbers shared by distributions.
#pragma once

#include <cstdint>

#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// Standard normal numbers by Box and Muller's method, 32 from each group of words.
void wide_normals(const uint32_t* words, int64_t groups, double* out);

/// Parameters of distributions in the type to compute with: f32 or f64, contiguous. Throws
/// DTypeError unless they are floating.
Tensor parameters(const char* op, const Tensor& x);

}  // namespace tapehead::core

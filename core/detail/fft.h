// The discrete Fourier transform without gradient tracking.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::core {

// Along an axis of contiguous f32 or f64 tensors, whose last axis holds the real and imaginary
// parts of complex numbers. No sum is empty: n >= 1.

/// y[k] = scale sum_j x[j] exp(-2 pi i j k / n), with +2 for the inverse; x [..., n, ..., 2].
Tensor dft(const Tensor& x, int axis, bool inverse, double scale);
/// The first n / 2 + 1 elements of that for real x [..., n, ...]: [..., n / 2 + 1, ..., 2]. All but
/// the first and, for even n, the last are multiplied by `middle`.
Tensor real_dft(const Tensor& x, int axis, double scale, double middle = 1);
/// The real inverse transform of length n of x [..., n / 2 + 1, ..., 2], whose elements are first
/// multiplied by `middle` as above; the imaginary parts of those that are not are ignored.
Tensor inverse_real_dft(const Tensor& x, int axis, int64_t n, double scale, double middle = 1);

}  // namespace tapehead::core

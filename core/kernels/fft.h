// Kernels of Fourier transforms; see core/detail/fft_plan.h.
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

/// Prime factors p up to this one are transformed by KISS FFT, in p^2 steps; for larger ones,
/// Bluestein's algorithm was measured to be faster on AVX2 and AVX-512.
inline constexpr int64_t kLargestRadix = 23;
/// Rows that are transformed side by side at most.
inline constexpr int64_t kMaxFftLanes = 16;

/// Rows of n elements, each of `parts` numbers, the first ones `step` numbers apart.
struct FftLayout {
  int64_t n, parts, step;
  /// Number i of a row is number i of its lane with real and imaginary parts exchanged, if
  /// `swapped`, or the real part of element i, if `real`, or both.
  bool swapped = false, real = false;
};

/// Complex numbers [n, 2, lanes] of as many rows, real and imaginary parts, are transformed side by
/// side: elements of a vector, or a single row in the loops around transforms.
template <class T>
struct FftKernels {
  /// The elements of a vector.
  int64_t (*lanes)();
  /// The plan of transforms of length n: bytes, and their contents, which start at a multiple
  /// of 64.
  int64_t (*plan_size)(int64_t n);
  void (*make_plan)(int64_t n, void* plan);
  /// y [n, 2, lanes()] is the transform of x. The prime factors of n are at most kLargestRadix.
  void (*transform)(const void* plan, const T* x, T* y);
  /// From pointers to a row for each lane, which may repeat rows.
  void (*load)(const FftLayout& layout, const T* const* rows, int64_t lanes, T* to);
  /// To the first `count` rows, times `scale`.
  void (*store)(const FftLayout& layout, T* const* rows, int64_t count, int64_t lanes, T scale,
                const T* from);
  /// x[k] *= by[k] for k < n, of x or its complex conjugate. `by` [n, 2] is that of all lanes.
  void (*multiply)(const T* by, int64_t n, int64_t lanes, bool conjugate, T* x);
  /// The first n / 2 + 1 elements y of the transform of n real numbers, all but the first and, for
  /// even n, the last times `middle`. x is the transform of the numbers or, for even n, that of n /
  /// 2 complex numbers, each made of two adjacent ones; roots[k] = exp(-2 pi i k / n), k <= n / 4.
  void (*split)(int64_t n, int64_t lanes, T middle, const T* roots, const T* x, T* y);
  /// What the inverse transform takes to such numbers, from x like y above, with real and imaginary
  /// parts exchanged. Ignores the imaginary parts of the elements that are not multiplied.
  void (*merge)(int64_t n, int64_t lanes, T middle, const T* roots, const T* x, T* y);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_WIDE(fft, FftKernels, "fft_fft fft_rfft fft_irfft")

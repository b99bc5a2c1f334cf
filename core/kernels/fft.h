// Kernels of the discrete Fourier transform.
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

/// The prime factors of a length that passes handle are at most this.
inline constexpr int64_t kLargestRadix = 61;

/// Where the elements j = 0, 1, … of each lane are, `stride` apart: real parts in first[lane],
/// imaginary ones in second[lane]. Either may be null for the last lane: zeros that are not stored.
template <class T>
struct FftLanes {
  T* const* first;
  T* const* second;
  int64_t lanes;
  int64_t stride;
};

/// The numbers of several transforms of length n are held as their real and their imaginary parts,
/// with the lanes side by side: element j of lane l at [j lanes + l].
template <class T>
struct FftKernels {
  /// A pass of the autosort algorithm of Stockham (Cochran et al.: What is the fast Fourier
  /// transform?, 1967) that reduces transforms of length radix m, `s` of them side by side, to
  /// transforms of length m: with w = exp(-2 pi i / (radix m)),
  ///   y[s (radix p + k) + q] = w^(p k) sum_j x[s (p + m j) + q] exp(-2 pi i j k / radix).
  /// `roots` holds the powers of w as pairs, `step` of them apart; those of the radix are every
  /// (m step)th.
  void (*pass)(int64_t radix, int64_t m, int64_t s, int64_t step, const T* roots, const T* re,
               const T* im, T* to_re, T* to_im);
  /// Multiplies the n elements of each lane by w, n pairs.
  void (*multiply)(const T* w, int64_t n, int64_t lanes, T* re, T* im);
  void (*load)(const FftLanes<T>& from, int64_t n, T* re, T* im);
  /// Stores the numbers times `scale`.
  void (*store)(const FftLanes<T>& to, int64_t n, T scale, T* re, T* im);
  /// Splits the transform of a + i b, for real a and b of length n, into the first n / 2 + 1
  /// elements of the transforms of a and, after those, of b, and multiplies all by `middle` but the
  /// first and, for even n, the last.
  void (*split)(int64_t n, int64_t lanes, T middle, const T* re, const T* im, T* to_re, T* to_im);
  /// The reverse, but for the factor; imaginary parts of elements that are not multiplied are
  /// taken as 0.
  void (*merge)(int64_t n, int64_t lanes, T middle, const T* re, const T* im, T* to_re, T* to_im);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_WIDE(fft, FftKernels, "fft_fft fft_rfft fft_irfft")

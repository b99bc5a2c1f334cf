// Windows of signals, as torch.hann_window, and the frequencies of Fourier transforms. Floating
// types only; nothing here is recorded.
#pragma once

#include "tapehead/core/dtype.h"
#include "tapehead/core/tensor.h"

namespace tapehead {

// Windows of n elements. Periodic ones, for spectra, are the first n elements of the symmetric
// window of n + 1, for filters. All throw ValueError for negative n, DTypeError for dtypes that are
// not floating.

/// (1 - cos(2 pi j / N)) / 2, where N = n, or n - 1 if symmetric.
/// Example: hann_window(4)  // [0.0, 0.5, 1.0, 0.5]
Tensor hann_window(int64_t n, bool periodic = true, DType dtype = f32);
/// alpha - beta cos(2 pi j / N)
/// Example: hamming_window(4)  // [0.08, 0.54, 1.00, 0.54]
Tensor hamming_window(int64_t n, bool periodic = true, double alpha = 0.54, double beta = 0.46,
                      DType dtype = f32);
/// 0.42 - 0.5 cos(2 pi j / N) + 0.08 cos(4 pi j / N)
/// Example: blackman_window(400)  // shape [400]
Tensor blackman_window(int64_t n, bool periodic = true, DType dtype = f32);
/// 1 - |2 j / N - 1|, a triangle
/// Example: bartlett_window(4)  // [0.0, 0.5, 1.0, 0.5]
Tensor bartlett_window(int64_t n, bool periodic = true, DType dtype = f32);
/// I0(beta sqrt(1 - (2 j / N - 1)^2)) / I0(beta) with the modified Bessel function I0.
/// Example: kaiser_window(400, true, 8)  // shape [400]
Tensor kaiser_window(int64_t n, bool periodic = true, double beta = 12, DType dtype = f32);

/// The frequencies of the elements of fft_fft(), in cycles per unit of d, the distance of samples:
/// 0, 1, …, (n - 1) / 2, -(n / 2), …, -1, divided by n d. Throws ValueError for n < 0.
/// Example: fft_fftfreq(4)  // [0.00, 0.25, -0.50, -0.25]
Tensor fft_fftfreq(int64_t n, double d = 1, DType dtype = f32);
/// Those of fft_rfft(): 0, 1, …, n / 2, divided by n d.
/// Example: fft_rfftfreq(4)  // [0.00, 0.25, 0.50]
Tensor fft_rfftfreq(int64_t n, double d = 1, DType dtype = f32);

}  // namespace tapehead

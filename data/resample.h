// Changes the sample rate or the speed of recordings.
#pragma once

#include <cstdint>

#include "tapehead/core/tensor.h"

namespace tapehead::data {

/// Options of resample(), which are torchaudio's.
struct ResampleOptions {
  int64_t lowpass_filter_width = 6;  ///< zero crossings of the filter on either side, 1..1024
  double rolloff = 0.99;  ///< cutoff as a fraction of the lower Nyquist frequency, 0.01 to 1
};

/// Resamples f32 [..., N] from orig_freq to new_freq samples per second: f32 [..., M] with M = N
/// new_freq / orig_freq, rounded up. Each sample is a sum of those around it, weighted with a sinc
/// function in a Hann window; equals torchaudio.functional.resample. Throws DTypeError, ShapeError
/// for a 0-d tensor, and ValueError for options and rates out of range: rates are within
/// 1..10,000,000, and divided by their greatest common divisor at most 65,536.
/// Example: data::resample(ones({2, 100}), 8000, 16000)  // shape [2, 200]
Tensor resample(const Tensor& samples, int64_t orig_freq, int64_t new_freq,
                const ResampleOptions& options = {});

/// Plays f32 [..., N] `factor` times as fast, which also raises the pitch: f32 [..., about N /
/// factor], as torchaudio.functional.speed, but the rate factor orig_freq is rounded, where that
/// truncates 1.15 times 16,000 to 18,399. Speech is commonly varied by 0.9, 1 and 1.1 (Ko et al.
/// 2015, "Audio augmentation for speech recognition"). Throws as resample(), and ValueError for a
/// factor outside 0.1..10.
/// Example: data::speed(ones({1, 1100}), 16000, 1.1)  // shape [1, 1000]
Tensor speed(const Tensor& samples, int64_t orig_freq, double factor);

}  // namespace tapehead::data

// The short-time Fourier transform, of f32 or f64; other types are computed in f32.
#pragma once

#include <optional>

#include "tapehead/autograd/ops/join.h"
#include "tapehead/core/tensor.h"

namespace tapehead {

/// Options of stft().
struct StftOptions {
  std::optional<int64_t> hop_length = {};  ///< from frame to frame; by default n_fft / 4
  std::optional<int64_t> win_length = {};  ///< of the window, at the middle of a frame; or n_fft
  Tensor window = {};                      ///< floating [win_length]; without one, ones
  bool center = true;                   ///< pads x, so that frame t has sample t hop at its middle
  PadMode pad_mode = PadMode::reflect;  ///< what it is padded with
  bool normalized = false;              ///< divides by sqrt(n_fft)
  bool onesided = true;  ///< only the n_fft / 2 + 1 frequencies that are not conjugates
};
/// The spectra of windows of n_fft samples of x [B, T] or [T], as torch.stft with the result of
/// torch.view_as_real: [B, F, frames, 2], with F = n_fft / 2 + 1 or, unless `onesided`, n_fft
/// frequencies, and frames = 1 + (T - n_fft) / hop_length of the padded x. Throws ShapeError for
/// other shapes and fewer samples than n_fft, ValueError for lengths that are not positive.
/// Example: stft(randn({2, 16000}), 400, {.hop_length = 160, .window = hann_window(400)})
///     // shape [2, 201, 101, 2]
Tensor stft(const Tensor& x, int64_t n_fft, const StftOptions& options = {});

/// Options of istft(), which mean what they mean for stft().
struct IstftOptions {
  std::optional<int64_t> hop_length = {};
  std::optional<int64_t> win_length = {};
  Tensor window = {};
  bool center = true;
  bool normalized = false;
  bool onesided = true;
  std::optional<int64_t> length = {};  ///< of the result; it is cut, or padded with zeros
};
/// The signal [B, T] or [T] with the least squared distance of its spectra from x, [B, F, frames,
/// 2] or [F, frames, 2]: Griffin and Lim 1984. The inverse of stft() with the same options. Throws
/// as stft(), and ValueError if samples of the result are in no window.
/// Example: istft(stft(randn({2, 1600}), 64), 64)  // shape [2, 1600]
Tensor istft(const Tensor& x, int64_t n_fft, const IstftOptions& options = {});

}  // namespace tapehead

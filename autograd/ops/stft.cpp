#include "tapehead/autograd/ops/stft.h"

#include <fmt/format.h>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/autograd/ops/fft.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/index.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

// The sum [B, n + hop (T - 1)] of frames [B, T, n], each `hop` after the one before.
struct OverlapAdd : CustomOp {
  static constexpr const char* kName = "istft";
  int64_t n = 0, hop = 0;
  Tensor forward(const Tensor& frames, int64_t distance) {
    n = frames.size(2), hop = distance;
    const int64_t count = frames.size(1);
    const Tensor out = zeros({frames.size(0), n + hop * (count - 1)}, frames.dtype());
    for (int64_t t = 0; t < count; ++t)
      core::add_into(out.slice(1, t * hop, t * hop + n), frames.select(1, t));
    return out;
  }
  Tensor backward(const Tensor& dy) const { return unfold(dy, 1, n, hop); }
};

// The frames of x [B, T] times a window [n]. The gradients of frames are added up faster than those
// of the view unfold().
struct WindowedFrames : CustomOp {
  static constexpr const char* kName = "stft";
  int64_t hop = 0;
  Tensor forward(const Tensor& x, const Tensor& window, int64_t distance) {
    save(x), save(window);
    hop = distance;
    return unfold(x, 1, window.size(0), hop) * window;
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    const Tensor x = saved(0), window = saved(1);
    const Tensor dx = apply<OverlapAdd>(dy * window, hop);
    Tensor dwindow;
    if (window.requires_grad()) dwindow = sum(dy * unfold(x, 1, window.size(0), hop), {0, 1});
    return {pad(dx, {0, x.size(1) - dx.size(1)}), dwindow};
  }
};

// The lengths of frames, their distance and their window.
struct Frames {
  int64_t n, hop;
  Tensor window;  // [n]

  Frames(const char* op, int64_t n_fft, std::optional<int64_t> hop_length,
         std::optional<int64_t> win_length, const Tensor& given, DType dtype)
      : n(n_fft), hop(hop_length.value_or(n_fft / 4)) {
    if (n < 1) throw ValueError(fmt::format("{}: n_fft is {}; it must be at least 1", op, n));
    if (hop < 1)
      throw ValueError(fmt::format("{}: hop_length is {}; it must be at least 1", op, hop));
    const int64_t length = win_length.value_or(n);
    if (length < 1 || length > n)
      throw ValueError(
          fmt::format("{}: win_length is {}; it must be in 1..n_fft, which is {}", op, length, n));
    if (given.defined() && given.shape() != Shape{length})
      throw ShapeError(fmt::format("{}: the window is {}; it must be [{}], the win_length", op,
                                   core::describe(given), length));
    const int64_t before = (n - length) / 2;
    window = pad(given.defined() ? given.to(dtype) : ones({length}, dtype),
                 {before, n - length - before});
  }
};

DType spectral_type(const Tensor& x) { return is_floating(x.dtype()) ? wide_type(x.dtype()) : f32; }

}  // namespace

Tensor stft(const Tensor& x, int64_t n_fft, const StftOptions& o) {
  if (x.dim() != 1 && x.dim() != 2)
    throw ShapeError(fmt::format("stft: x is {}; expected [B, T] or [T]", core::describe(x)));
  const DType dtype = spectral_type(x);
  const DType given = is_floating(x.dtype()) ? detail::in_f32(x.dtype()) : f32;
  const Frames frames("stft", n_fft, o.hop_length, o.win_length, o.window, dtype);
  Tensor signal = x.dim() == 1 ? x.to(dtype).unsqueeze(0) : x.to(dtype);
  if (o.center) signal = pad(signal, {n_fft / 2, n_fft / 2}, {.mode = o.pad_mode});
  if (signal.size(1) < n_fft)
    throw ShapeError(fmt::format("stft: x has {} samples{}; a frame takes n_fft, which is {}",
                                 signal.size(1), o.center ? " when padded" : "", n_fft));
  const Tensor parts = apply<WindowedFrames>(signal, frames.window, frames.hop);
  const char* norm = o.normalized ? "ortho" : "backward";
  const Tensor spectra = o.onesided ? fft_rfft(parts, {}, -1, norm)
                                    : fft_fft(stack({parts, zeros_like(parts)}, -1), {}, -1, norm);
  const Tensor out = transpose(spectra, 1, 2).to(given);
  return x.dim() == 1 ? out.squeeze(0) : out;
}

Tensor istft(const Tensor& x, int64_t n_fft, const IstftOptions& o) {
  const char* op = "istft";
  const DType dtype = spectral_type(x);
  const DType given = is_floating(x.dtype()) ? detail::in_f32(x.dtype()) : f32;
  const Frames frames(op, n_fft, o.hop_length, o.win_length, o.window, dtype);
  const int64_t frequencies = o.onesided ? n_fft / 2 + 1 : n_fft;
  if ((x.dim() != 3 && x.dim() != 4) || x.size(-1) != 2 || x.size(-3) != frequencies ||
      x.size(-2) < 1)
    throw ShapeError(
        fmt::format("{}: x is {}; expected [B, F, frames, 2] or [F, frames, 2] with F "
                    "= {} frequencies of n_fft = {}",
                    op, core::describe(x), frequencies, n_fft));
  Tensor spectra = transpose(x.dim() == 3 ? x.to(dtype).unsqueeze(0) : x.to(dtype), 1, 2);
  if (!o.onesided) spectra = spectra.slice(2, 0, n_fft / 2 + 1);
  const Tensor parts =
      fft_irfft(spectra, n_fft, -1, o.normalized ? "ortho" : "backward") * frames.window;
  const int64_t count = parts.size(1);
  const Tensor sum = apply<OverlapAdd>(parts, frames.hop);
  const Tensor weights =
      apply<OverlapAdd>(square(frames.window).expand({1, count, n_fft}).contiguous(), frames.hop);

  const int64_t total = sum.size(1), start = o.center ? n_fft / 2 : 0;
  const int64_t last = o.center ? total - n_fft / 2 : total;
  if (o.length && *o.length < 1)
    throw ValueError(fmt::format("{}: length is {}; it must be at least 1", op, *o.length));
  const int64_t end = o.length ? start + *o.length : last, known = std::min(end, total);
  if (known <= start)
    throw ShapeError(
        fmt::format("{}: {} frames give {} samples, of which `center` drops {} at each "
                    "end, which leaves none",
                    op, count, total, start));
  const Tensor weight = weights.slice(1, start, known);
  const Tensor least = amin(weight.detach());
  if (least.item() < 1e-11)
    throw ValueError(
        fmt::format("{}: sample {} is in no window, where it would not be 0; use "
                    "a smaller hop_length, or `center`",
                    op, argmin(weight.detach(), 1).item()));
  Tensor out = sum.slice(1, start, known) / weight;
  if (end > known) out = pad(out, {0, end - known});
  return (x.dim() == 3 ? out.squeeze(0) : out).to(given);
}

}  // namespace tapehead

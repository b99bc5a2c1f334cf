#include "tapehead/autograd/ops.h"
#include "tapehead/core/windows.h"
#include "tapehead/tests/parity/parity.h"

namespace tapehead::parity {
namespace {

// clang-format off
#define CASE(name, ...) {name, [](const Tensors& x) { return Tensors{__VA_ARGS__}; }},
#define NORMS(K) K("backward") K("forward") K("ortho")
#define EACH_NORM(norm) \
  CASE("fft/" norm, fft_fft(x[0], {}, -1, norm)) \
  CASE("ifft/" norm, fft_ifft(x[0], {}, -1, norm)) \
  CASE("rfft/" norm, fft_rfft(x[0], {}, -1, norm)) \
  CASE("irfft/" norm, fft_irfft(x[0], {}, -1, norm)) \
  CASE("hfft/" norm, fft_hfft(x[0], {}, -1, norm)) \
  CASE("ihfft/" norm, fft_ihfft(x[0], {}, -1, norm))
#define WINDOWS(name, n, periodic) \
  CASE(name "/" #n, x[0] * window(x[0], name, n, periodic))

Tensor window(const Tensor& x, std::string_view name, int64_t n, bool periodic) {
  if (name == "hann") return hann_window(n, periodic, x.dtype());
  if (name == "hamming") return hamming_window(n, periodic, 0.54, 0.46, x.dtype());
  if (name == "blackman") return blackman_window(n, periodic, x.dtype());
  if (name == "bartlett") return bartlett_window(n, periodic, x.dtype());
  return kaiser_window(n, periodic, 12, x.dtype());
}
Tensor hann(const Tensor& x, int64_t n) { return window(x, "hann", n, true); }

}  // namespace

const Family kFft("fft", {
  NORMS(EACH_NORM)
  CASE("fft/padded", fft_fft(x[0], 7, 0))
  CASE("fft/trimmed", fft_fft(x[0], 5))
  CASE("fft/prime", fft_fft(x[0]))
  CASE("rfft/odd", fft_rfft(x[0], 7, 1))
  CASE("rfft/prime", fft_rfft(x[0]))
  CASE("irfft/odd", fft_irfft(x[0], 7, 1))
  CASE("irfft/one", fft_irfft(x[0], 1))
  CASE("hfft/odd", fft_hfft(x[0], 5, 0))
  CASE("fftn", fft_fftn(x[0]))
  CASE("fftn/sizes", fft_fftn(x[0], {2, 5}, {}, "ortho"))
  CASE("ifftn", fft_ifftn(x[0], {}, {2, 0}))
  CASE("rfftn", fft_rfftn(x[0], {3, 6}, {0, 1}, "forward"))
  CASE("irfftn", fft_irfftn(x[0], {4, 5}, {2, 1}))
  CASE("fft2", fft_fft2(x[0]))
  CASE("ifft2", fft_ifft2(x[0], {}, {-2, -1}, "ortho"))
  CASE("rfft2", fft_rfft2(x[0]))
  CASE("irfft2", fft_irfft2(x[0]))
  CASE("fftshift", fft_fftshift(x[0], {0, 1}))
  CASE("ifftshift", fft_ifftshift(x[0], {1}))
  CASE("fftfreq", x[0] * fft_fftfreq(7, 0.5, x[0].dtype()))
  CASE("rfftfreq", x[0] * fft_rfftfreq(7, 0.5, x[0].dtype()))
  WINDOWS("hann", 8, true) WINDOWS("hamming", 8, true) WINDOWS("blackman", 8, true)
  WINDOWS("bartlett", 8, true) WINDOWS("kaiser", 8, true)
  WINDOWS("hann", 7, false) WINDOWS("hamming", 7, false) WINDOWS("blackman", 7, false)
  WINDOWS("bartlett", 7, false) WINDOWS("kaiser", 7, false)
  CASE("stft", stft(x[0], 8, {.window = hann(x[0], 8)}))
  CASE("stft/options", stft(x[0], 8, {.hop_length = 3, .win_length = 5, .window = x[1], .center = false, .normalized = true}))
  CASE("stft/two-sided", stft(x[0], 7, {.hop_length = 2, .window = hann(x[0], 7), .pad_mode = PadMode::replicate, .onesided = false}))
  CASE("stft/circular", stft(x[0], 6, {.hop_length = 3, .win_length = 4, .window = hann(x[0], 4), .pad_mode = PadMode::circular}))
  CASE("istft", istft(x[0], 8, {.window = hann(x[0], 8)}))
  CASE("istft/length", istft(x[0], 7, {.hop_length = 2, .win_length = 6, .window = hann(x[0], 6), .length = 6}))
  CASE("istft/longer", istft(x[0], 7, {.hop_length = 2, .window = window(x[0], "hamming", 7, true), .length = 14}))
  CASE("istft/two-sided", istft(x[0], 6, {.hop_length = 2, .center = false, .normalized = true, .onesided = false}))
});

}  // namespace tapehead::parity

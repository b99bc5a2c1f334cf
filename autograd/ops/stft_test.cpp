#include "tapehead/autograd/ops/stft.h"

#include "tapehead/core/windows.h"
#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

// Values are compared with PyTorch's in tests/parity/fft.cpp.
Sample stft_of(const Shape& shape, int64_t n, const StftOptions& options) {
  return {.operands = {shape},
          .call = [=](const Tensors& x) { return Tensors{stft(x[0], n, options)}; },
          .reduces = n};
}
Sample istft_of(const Shape& shape, int64_t n, const IstftOptions& options) {
  return {.operands = {shape},
          .call = [=](const Tensors& x) { return Tensors{istft(x[0], n, options)}; },
          .reduces = 4 * n};
}

const Tensor kSignal = core::full({2, 20}, 1), kSpectra = core::full({5, 3, 2}, 1);

}  // namespace

TAPEHEAD_OP_TEST(stft)
    .sample(stft_of({2, 15}, 6, {.hop_length = 2, .window = hann_window(6, true, f64)}))
    .sample(stft_of({12}, 8, {.win_length = 5, .center = false, .onesided = false}))
    // A learned window.
    .sample({.operands = {Shape{2, 12}, Shape{4}},
             .call =
                 [](const Tensors& x) {
                   return Tensors{stft(x[0], 4, {.window = x[1], .normalized = true})};
                 },
             .reduces = 4})
    .bad<ShapeError>(
        [] {
          stft(core::full({1, 2, 3}, 1), 2);
        },
        "stft: x is [1, 2, 3] f32; expected [B, T] or [T]")
    .bad<ValueError>([] { stft(kSignal, 0); }, "stft: n_fft is 0; it must be at least 1")
    .bad<ValueError>([] { stft(kSignal, 3); }, "stft: hop_length is 0; it must be at least 1")
    .bad<ValueError>([] { stft(kSignal, 8, {.win_length = 9}); },
                     "stft: win_length is 9; it must be in 1..n_fft, which is 8")
    .bad<ShapeError>([] { stft(kSignal, 8, {.window = hann_window(4)}); },
                     "stft: the window is [4] f32; it must be [8], the win_length")
    .bad<ShapeError>([] { stft(kSignal, 32, {.center = false}); },
                     "stft: x has 20 samples; a frame takes n_fft, which is 32");

TAPEHEAD_OP_TEST(istft)
    .sample(istft_of({2, 4, 5, 2}, 6, {.hop_length = 2, .window = hann_window(6, true, f64)}))
    .sample(istft_of({4, 3, 2}, 4, {.center = false, .onesided = false, .length = 9}))
    .sample({.operands = {Shape{2, 15}},
             .call =
                 [](const Tensors& x) {
                   const Tensor w = hamming_window(5, true, 0.54, 0.46, f64);
                   const Tensor y = stft(x[0], 6, {.hop_length = 2, .win_length = 5, .window = w});
                   return Tensors{
                       istft(y, 6, {.hop_length = 2, .win_length = 5, .window = w, .length = 15})};
                 },
             .reference = [](Arrays& in) { return in; },
             .reduces = 64,
             .roundings = 8})
    .bad<ShapeError>([] { istft(kSpectra, 6); },
                     "istft: x is [5, 3, 2] f32; expected [B, F, frames, 2] or [F, frames, 2] with "
                     "F = 4 frequencies of n_fft = 6")
    .bad<ValueError>([] { istft(kSpectra, 8, {.length = 0}); },
                     "istft: length is 0; it must be at least 1")
    .bad<ShapeError>(
        [] {
          istft(core::full({5, 1, 2}, 1), 8);
        },
        "istft: 1 frames give 8 samples, of which `center` drops 4 at each end, which "
        "leaves none")
    .bad<ValueError>([] { istft(kSpectra, 8, {.window = hann_window(8), .center = false}); },
                     "istft: sample 0 is in no window, where it would not be 0; use a smaller "
                     "hop_length, or `center`");

}  // namespace tapehead::op_tests

// What examples/speech.cpp changes in recordings from epoch to epoch.
//
// T frames, F features of each.
#pragma once

#include <cmath>
#include <functional>
#include <numbers>

#include "tapehead/examples/speech/corpus.h"

namespace speech {

// Noise of a random level and colour, added to log-mel features [T, F], and a random, smooth change
// of the loudness of frequencies, as of another room or microphone. Features are relative to the
// loudest.
inline Tensor with_noise(const Tensor& x, const std::function<double()>& uniform) {
  const int64_t F = x.size(1);
  const Tensor place = linspace(-1, 1, F), wave = cos(place * std::numbers::pi);
  const auto curve = [&](double slope, double bend) {
    const double a = slope * uniform(), b = bend * uniform();
    return a * place + b * wave;
  };
  const double level = -10 + 4 * uniform();
  const Tensor colour = level + curve(1.5, 1), response = curve(1.5, 0.7);
  return logaddexp(x + response, colour + 0.5 * randn(x.shape()));
}

// Features in training: with noise, of another tempo and pitch, normalised, and with masks
// (SpecAugment). `fits` tells whether a number of frames suffices for the text.
inline Tensor augmented(Tensor x, const Frontend& front, const Options& t, uint64_t seed,
                        const std::function<bool(int64_t frames)>& fits) {
  uint64_t draws = 0;
  const std::function<double()> uniform = [&] {  // in -1..1
    return static_cast<double>(fold_in(seed, draws++) >> 11) * 0x1p-52 - 1;
  };
  if (t.noise > 0 && uniform() < 2 * t.noise - 1) x = with_noise(x, uniform);
  if (t.warp > 0) {
    const double tempo = std::exp(t.warp * uniform());
    const double frequency = std::exp(t.warp * uniform());
    const auto frames = static_cast<int64_t>(static_cast<double>(x.size(0)) / tempo);
    x = data::warp_features(
        x, {.tempo = fits(frames) ? tempo : 1, .frequency = frequency, .fbank = front.fbank});
  }
  x = front.normalized(x);
  if (t.mask == 0) return x;
  const auto share = [&](int64_t size) { return std::llround(t.mask * static_cast<double>(size)); };
  return data::spec_augment(
      x, {.time_mask_param = share(x.size(0)) + 1, .freq_mask_param = share(x.size(1)) + 1},
      fold_in(seed, draws));
}

}  // namespace speech

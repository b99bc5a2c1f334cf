// The signal of tests/oracles/audio.py.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "tapehead/core/creation.h"

namespace tapehead::test {

/// Tones, one of them rising, and noise: f32 [count].
inline Tensor signal(int64_t count, double scale) {
  std::vector<float> samples;
  for (int64_t i = 0; i < count; ++i) {
    const auto t = static_cast<double>(i);
    const double noise = static_cast<double>((i * i * 7919 + i * 104729) % 2001) / 1000 - 1;
    const double x = 0.1 + 0.4 * std::sin(0.07 * t) + 0.3 * std::sin(0.0004 * t * t) + 0.2 * noise;
    samples.push_back(static_cast<float>(x) * static_cast<float>(scale));
  }
  return from_vector(samples);
}

}  // namespace tapehead::test

// Generated sequences of telephone keys: a small task of speech recognition for examples and tests.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead::data {

/// The keys of a telephone, each the sum of a low and a high tone (ITU-T Q.23).
inline constexpr const char* kTelephoneKeys = "123A456B789C*0#D";

/// Options of telephone_tones(): ranges of which each key, pause or sequence draws uniformly.
struct TelephoneToneOptions {
  int64_t sample_rate = 8000;                     ///< samples per second
  std::string keys = "0123456789*#";              ///< of kTelephoneKeys
  std::pair<int64_t, int64_t> count = {3, 8};     ///< keys in a sequence
  std::pair<double, double> tone = {0.04, 0.12};  ///< seconds that a key sounds
  std::pair<double, double> pause = {0.03, 0.2};  ///< seconds before, between and after keys
  std::pair<double, double> snr = {0, 20};  ///< decibels of the sounding keys above white noise
  double detune = 0.015;  ///< largest relative error of a frequency, as Q.24 tolerates
};

/// A sequence of keys and its sound: key i sounds in samples starts[i] to ends[i] - 1.
struct TelephoneTones {
  Tensor samples;    ///< f32 [N], at most 1 in magnitude
  std::string keys;  ///< such as "555*12"
  std::vector<int64_t> starts, ends;
};

/// Generates random keys in noise, with random timing, loudness and errors of frequencies.
/// Deterministic for a given seed, up to rounding across machines. Throws ValueError for options
/// out of range.
/// Example: data::telephone_tones(1).keys  // 4*6#516
TelephoneTones telephone_tones(uint64_t seed, const TelephoneToneOptions& options = {});

}  // namespace tapehead::data

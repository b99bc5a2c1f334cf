#include "tapehead/data/telephone_tones.h"

#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <string_view>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/tests/expect.h"

namespace tapehead::telephone_tones_test {

using data::telephone_tones;
using data::TelephoneToneOptions;
using data::TelephoneTones;
using testing::difference;
using testing::error_of;

namespace {

// The energy of a frequency in some samples (Goertzel 1958).
double energy_at(double hertz, const float* x, int64_t count, double rate) {
  double real = 0, imaginary = 0;
  for (int64_t i = 0; i < count; ++i) {
    const double angle = 2 * M_PI * hertz / rate * static_cast<double>(i);
    real += x[i] * std::cos(angle);
    imaginary += x[i] * std::sin(angle);
  }
  return real * real + imaginary * imaginary;
}

size_t loudest(const double (&tones)[4], const float* x, int64_t count) {
  size_t best = 0;
  for (size_t i = 1; i < 4; ++i)
    if (energy_at(tones[i], x, count, 8000) > energy_at(tones[best], x, count, 8000)) best = i;
  return best;
}

}  // namespace

TEST_CASE("telephone_tones: the keys are in the sound") {
  constexpr double kLow[] = {697, 770, 852, 941}, kHigh[] = {1209, 1336, 1477, 1633};
  TelephoneToneOptions options;
  options.keys = data::kTelephoneKeys;
  options.tone = {0.06, 0.12};
  options.detune = 0.003;  // a longer window tells frequencies apart that differ more
  std::set<char> keys;
  for (uint64_t seed = 0; seed < 30; ++seed) {
    CAPTURE(seed);
    const TelephoneTones tones = telephone_tones(seed, options);
    REQUIRE(tones.keys.size() >= 3);
    REQUIRE(tones.keys.size() <= 8);
    CHECK(tones.samples.abs().max().item() <= 1);
    CHECK(tones.ends.back() <= tones.samples.numel());
    for (size_t i = 0; i < tones.keys.size(); ++i) {
      const float* x = tones.samples.data<float>() + tones.starts[i];
      const int64_t count = tones.ends[i] - tones.starts[i];
      const size_t place = 4 * loudest(kLow, x, count) + loudest(kHigh, x, count);
      CHECK(data::kTelephoneKeys[place] == tones.keys[i]);
      CHECK(tones.starts[i] - (i > 0 ? tones.ends[i - 1] : 0) >= 240);  // 0.03 s
      keys.insert(tones.keys[i]);
    }
    CHECK(difference(telephone_tones(seed, options).samples, tones.samples) == 0);
  }
  CHECK(keys.size() == 16);
}

TEST_CASE("telephone_tones: invalid options") {
  const auto refused = [](const TelephoneToneOptions& options) {
    return error_of<ValueError>([&] { telephone_tones(1, options); });
  };
  CHECK(refused({.sample_rate = 100}) ==
        "telephone_tones: sample_rate = 100; it must be within 4,000..192,000");
  CHECK(refused({.keys = "12x"}) ==
        "telephone_tones: keys = '12x'; expected some of 123A456B789C*0#D");
  CHECK(refused({.count = {0, 3}}) ==
        "telephone_tones: count = {0, 3}; it must be in ascending order, within 1..1000");
  CHECK(refused({.tone = {0.2, 0.1}}) ==
        "telephone_tones: tone = {0.2, 0.1}; it must be in ascending order, within 0.001..10");
  CHECK(refused({.pause = {-1, 0}}).starts_with("telephone_tones: pause = {-1, 0}"));
  CHECK(refused({.snr = {0, 1000}}).starts_with("telephone_tones: snr = {0, 1000}"));
  CHECK(refused({.detune = 1}).starts_with("telephone_tones: detune = {1, 1}"));
}

}  // namespace tapehead::telephone_tones_test

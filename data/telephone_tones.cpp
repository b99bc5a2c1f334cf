#include "tapehead/data/telephone_tones.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/data/detail/splitmix.h"

namespace tapehead::data {
namespace {

using Range = std::pair<double, double>;

// Of rows and columns of kTelephoneKeys, in Hz.
constexpr double kLowTones[] = {697, 770, 852, 941}, kHighTones[] = {1209, 1336, 1477, 1633};

void check_tone_range(const char* what, const Range& range, double least, double most) {
  if (!(range.first >= least && range.first <= range.second && range.second <= most))
    throw ValueError(fmt::format(
        "telephone_tones: {} = {{{}, {}}}; it must be in ascending order, within {}..{}", what,
        range.first, range.second, least, most));
}

void check_tones(const TelephoneToneOptions& o) {
  if (o.sample_rate < 4000 || o.sample_rate > 192'000)
    throw ValueError(fmt::format(
        "telephone_tones: sample_rate = {}; it must be within 4,000..192,000", o.sample_rate));
  if (o.keys.empty() || o.keys.find_first_not_of(kTelephoneKeys) != std::string::npos)
    throw ValueError(
        fmt::format("telephone_tones: keys = '{}'; expected some of {}", o.keys, kTelephoneKeys));
  check_tone_range(
      "count", {static_cast<double>(o.count.first), static_cast<double>(o.count.second)}, 1, 1000);
  check_tone_range("tone", o.tone, 0.001, 10);
  check_tone_range("pause", o.pause, 0, 10);
  check_tone_range("snr", o.snr, -100, 100);
  check_tone_range("detune", {o.detune, o.detune}, 0, 0.2);
}

double draw(SplitMix& random, const Range& range) {
  return std::lerp(range.first, range.second, random.uniform());
}

// A standard normal number by Box and Muller's method.
double draw_normal(SplitMix& random) {
  const double radius = std::sqrt(-2 * std::log(1 - random.uniform()));
  return radius * std::cos(2 * M_PI * random.uniform());
}

// Adds a tone that fades in and out within 2 ms.
void add_tone(float* to, int64_t count, double hertz, double level, double phase, int64_t rate) {
  const double step = 2 * M_PI * hertz / static_cast<double>(rate);
  const double fade = std::max(1.0, 0.002 * static_cast<double>(rate));
  for (int64_t i = 0; i < count; ++i) {
    const double edge = (static_cast<double>(std::min(i, count - 1 - i)) + 0.5) / fade;
    to[i] += static_cast<float>(level * std::min(1.0, edge) *
                                std::sin(phase + step * static_cast<double>(i)));
  }
}

// Scales the samples so that the largest has magnitude `peak`.
void set_peak(std::vector<float>& samples, double peak) {
  float most = 0;
  for (const float x : samples) most = std::max(most, std::abs(x));
  for (float& x : samples) x = static_cast<float>(x * (peak / most));
}

}  // namespace

TelephoneTones telephone_tones(uint64_t seed, const TelephoneToneOptions& options) {
  check_tones(options);
  SplitMix random(SplitMix::hash(seed));
  const auto draw_samples = [&](const Range& seconds) {
    return std::llround(draw(random, seconds) * static_cast<double>(options.sample_rate));
  };
  TelephoneTones out;
  std::vector<float> samples;
  double energy = 0;  // of the tones
  int64_t sounding = 0;
  const int64_t count =
      options.count.first + random.below(options.count.second - options.count.first + 1);
  for (int64_t n = 0; n < count; ++n) {
    const char key = options.keys[static_cast<size_t>(random.below(std::ssize(options.keys)))];
    const auto place = static_cast<int64_t>(std::string_view(kTelephoneKeys).find(key));
    const int64_t start = std::ssize(samples) + draw_samples(options.pause),
                  length = std::max<int64_t>(1, draw_samples(options.tone));
    out.keys.push_back(key);
    out.starts.push_back(start);
    out.ends.push_back(start + length);
    samples.resize(static_cast<size_t>(start + length));
    const double level = draw(random, {0.5, 1});
    for (const double hertz : {kLowTones[place / 4], kHighTones[place % 4]}) {
      const double detuned = hertz * (1 + draw(random, {-options.detune, options.detune}));
      add_tone(samples.data() + start, length, detuned, level, draw(random, {0, 2 * M_PI}),
               options.sample_rate);
    }
    energy += level * level * static_cast<double>(length);  // each tone has half of it
    sounding += length;
  }
  samples.resize(samples.size() + static_cast<size_t>(draw_samples(options.pause)));
  const double noise = std::sqrt(energy / static_cast<double>(sounding)) *
                       std::pow(10, -draw(random, options.snr) / 20);
  for (float& x : samples) x += static_cast<float>(noise * draw_normal(random));
  set_peak(samples, draw(random, {0.1, 1}));
  out.samples = from_vector(std::move(samples));
  return out;
}

}  // namespace tapehead::data

#include "tapehead/data/detail/frame_features.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "tapehead/core/creation.h"
#include "tapehead/core/detail/fft.h"
#include "tapehead/core/error.h"

namespace tapehead::data::detail {
namespace {

constexpr float kSmallest = std::numeric_limits<float>::epsilon();
constexpr int64_t kLongestFrame = 1 << 20;
constexpr double kHighestFrequency = 10e6;

void require(bool holds, const char* op, const char* what, double value, const char* range) {
  if (!holds) throw ValueError(fmt::format("{}: {} = {}; it must be {}", op, what, value, range));
}

}  // namespace

void check_fbank(const char* op, const FbankOptions& o) {
  const double rate = o.sample_frequency;
  require(rate >= 1 && rate <= kHighestFrequency, op, "sample_frequency", rate, "within 1..1e7");
  const auto in_samples = [&](double ms) { return ms >= 0 ? rate * ms / 1000 : -1; };
  require(in_samples(o.frame_length) >= 2 && in_samples(o.frame_length) <= kLongestFrame, op,
          "frame_length", o.frame_length, "2 to 1,048,576 samples long, in milliseconds");
  require(in_samples(o.frame_shift) >= 1 && in_samples(o.frame_shift) <= kLongestFrame, op,
          "frame_shift", o.frame_shift, "1 to 1,048,576 samples long, in milliseconds");
  require(o.num_mel_bins >= 3 && o.num_mel_bins <= kLongestFrame, op, "num_mel_bins",
          static_cast<double>(o.num_mel_bins), "3 or more");
  require(o.preemphasis_coefficient >= 0 && o.preemphasis_coefficient <= 1, op,
          "preemphasis_coefficient", o.preemphasis_coefficient, "within 0..1");
  require(o.energy_floor >= 0 && std::isfinite(o.energy_floor), op, "energy_floor", o.energy_floor,
          "0 or more");
  require(o.low_freq >= 0 && o.low_freq < rate / 2, op, "low_freq", o.low_freq,
          "0 or more, below half of the sample frequency");
  const double high = o.high_freq > 0 ? o.high_freq : o.high_freq + rate / 2;
  require(high > o.low_freq && high <= rate / 2, op, "high_freq", o.high_freq,
          "above low_freq, up to half of the sample frequency");
}

double mel_of(double hertz) { return 1127 * std::log1p(hertz / 700); }
double hertz_of(double mel) { return 700 * std::expm1(mel / 1127); }

MelEdges mel_edges(const FbankOptions& o) {
  const double high = o.high_freq > 0 ? o.high_freq : o.high_freq + o.sample_frequency / 2,
               low = mel_of(o.low_freq);
  return {low, (mel_of(high) - low) / static_cast<double>(o.num_mel_bins + 1)};
}

namespace {

int64_t power_of_two(int64_t least) {
  int64_t size = 1;
  while (size < least) size *= 2;
  return size;
}

}  // namespace

FrameFeatures::FrameFeatures(const char* op, const FbankOptions& options) : options_(options) {
  check_fbank(op, options);
  const auto in_samples = [&](double ms) {
    return static_cast<int64_t>(options.sample_frequency * ms / 1000);
  };
  length_ = in_samples(options.frame_length);
  shift_ = in_samples(options.frame_shift);
  padded_ = options.round_to_power_of_two ? power_of_two(length_) : length_;
  size_ = options.num_mel_bins + (options.use_energy ? 1 : 0);
  make_window();
  make_filters(op);
}

FrameFeatures::FrameFeatures(const FbankOptions& options) : FrameFeatures("fbank", options) {}

FrameFeatures::FrameFeatures(const MfccOptions& options) : FrameFeatures("mfcc", options.fbank) {
  const int64_t mels = options_.num_mel_bins;
  require(options.num_ceps >= 1 && options.num_ceps <= mels, "mfcc", "num_ceps",
          static_cast<double>(options.num_ceps), "within 1..num_mel_bins");
  require(options.cepstral_lifter >= 0 && std::isfinite(options.cepstral_lifter), "mfcc",
          "cepstral_lifter", options.cepstral_lifter, "0 or more");
  if (!options_.use_log_fbank || !options_.use_power)
    throw ValueError("mfcc: use_log_fbank and use_power must be true");
  size_ = options.num_ceps;
  const auto n = static_cast<double>(mels);
  for (int64_t i = 0; i < size_; ++i) {
    const auto ceps = static_cast<double>(i);
    double scale = std::sqrt((i == 0 ? 1 : 2) / n);
    if (options.cepstral_lifter > 0)
      scale *= 1 + options.cepstral_lifter / 2 * std::sin(M_PI * ceps / options.cepstral_lifter);
    if (i == 0 && options_.htk_compat && !options_.use_energy) scale *= M_SQRT2;
    for (int64_t k = 0; k < mels; ++k)
      cosines_.push_back(
          static_cast<float>(scale * std::cos(M_PI / n * (static_cast<double>(k) + 0.5) * ceps)));
  }
}

void FrameFeatures::make_window() {
  for (int64_t i = 0; i < length_; ++i) {
    const double angle = 2 * M_PI * static_cast<double>(i) / static_cast<double>(length_ - 1);
    const double hann = 0.5 - 0.5 * std::cos(angle);
    const auto value = [&] {
      switch (options_.window_type) {
        case WindowType::povey: return std::pow(hann, 0.85);
        case WindowType::hanning: return hann;
        case WindowType::hamming: return 0.54 - 0.46 * std::cos(angle);
        case WindowType::blackman:
          return options_.blackman_coeff - 0.5 * std::cos(angle) +
                 (0.5 - options_.blackman_coeff) * std::cos(2 * angle);
        case WindowType::rectangular: break;
      }
      return 1.0;
    };
    window_.push_back(static_cast<float>(value()));
  }
}

// Each filter rises from the centre of the one before to its own. The Nyquist frequency belongs to
// none, as in Kaldi.
void FrameFeatures::make_filters(const char* op) {
  const double rate = options_.sample_frequency;
  const auto [low, step] = mel_edges(options_);
  for (int64_t bin = 0; bin < options_.num_mel_bins; ++bin) {
    const double left = low + static_cast<double>(bin) * step;
    MelFilter filter;
    for (int64_t k = 0; k < padded_ / 2; ++k) {
      const double mel = mel_of(rate * static_cast<double>(k) / static_cast<double>(padded_));
      const double weight = std::min(mel - left, left + 2 * step - mel) / step;
      if (weight <= 0) continue;
      if (filter.weights.empty()) filter.first = k;
      filter.weights.push_back(static_cast<float>(weight));
    }
    if (filter.weights.empty())
      throw ValueError(
          fmt::format("{}: no frequency of the transform of {} samples lies in mel bin "
                      "{} of {}; use fewer bins",
                      op, padded_, bin, options_.num_mel_bins));
    filters_.push_back(std::move(filter));
  }
}

float FrameFeatures::log_energy(const float* samples, int64_t count) const {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += double{samples[i]} * samples[i];
  const double floor = options_.energy_floor > 0 ? options_.energy_floor : 0;
  return static_cast<float>(std::log(std::max({sum, double{kSmallest}, floor})));
}

float FrameFeatures::prepare(const float* samples, float* to) const {
  std::copy_n(samples, length_, to);
  std::fill(to + length_, to + padded_, 0.0F);
  if (options_.remove_dc_offset) {
    double sum = 0;
    for (int64_t i = 0; i < length_; ++i) sum += to[i];
    const auto mean = static_cast<float>(sum / static_cast<double>(length_));
    for (int64_t i = 0; i < length_; ++i) to[i] -= mean;
  }
  float energy = 0;
  if (options_.use_energy && options_.raw_energy) energy = log_energy(to, length_);
  const auto before = static_cast<float>(options_.preemphasis_coefficient);
  for (int64_t i = length_ - 1; i > 0; --i) to[i] = (to[i] - before * to[i - 1]) * window_[i];
  to[0] *= (1 - before) * window_[0];
  if (options_.use_energy && !options_.raw_energy) energy = log_energy(to, length_);
  return energy;
}

void FrameFeatures::write_fbank(const float* mel, float energy, float* out) const {
  const bool first = options_.use_energy && !options_.htk_compat;
  std::copy_n(mel, filters_.size(), out + (first ? 1 : 0));
  if (options_.use_energy) out[first ? 0 : size_ - 1] = energy;
}

void FrameFeatures::write_mfcc(const float* mel, float energy, float* out) const {
  for (int64_t i = 0; i < size_; ++i) {
    const float* row = cosines_.data() + i * options_.num_mel_bins;
    float sum = 0;
    for (int64_t k = 0; k < options_.num_mel_bins; ++k) sum += row[k] * mel[k];
    out[i] = sum;
  }
  if (options_.use_energy) out[0] = energy;
  if (options_.htk_compat) std::rotate(out, out + 1, out + size_);
}

void FrameFeatures::compute(const float* const* frames, int64_t count, float* out) const {
  const Tensor block = core::empty({kBlock, padded_}, f32);
  float energies[kBlock] = {};
  float* row = block.data<float>();
  for (int64_t i = 0; i < kBlock; ++i, row += padded_) {
    if (i < count) energies[i] = prepare(frames[i], row);
    else std::fill(row, row + padded_, 0.0F);
  }
  const Tensor transformed = core::real_dft(block, 1, 1);
  std::vector<float> power(static_cast<size_t>(padded_ / 2)), mel(filters_.size());
  for (int64_t i = 0; i < count; ++i, out += size_) {
    const float* z = transformed.data<float>() + i * transformed.size(1) * 2;
    for (float& p : power) {
      p = z[0] * z[0] + z[1] * z[1];
      z += 2;
    }
    if (!options_.use_power)
      for (float& p : power) p = std::sqrt(p);
    for (size_t bin = 0; bin < filters_.size(); ++bin) {
      const MelFilter& filter = filters_[bin];
      float sum = 0;
      for (size_t k = 0; k < filter.weights.size(); ++k)
        sum += filter.weights[k] * power[static_cast<size_t>(filter.first) + k];
      mel[bin] = options_.use_log_fbank ? std::log(std::max(sum, kSmallest)) : sum;
    }
    if (cosines_.empty()) write_fbank(mel.data(), energies[i], out);
    else write_mfcc(mel.data(), energies[i], out);
  }
}

}  // namespace tapehead::data::detail

#include "tapehead/data/sound_augment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/data/detail/frame_features.h"
#include "tapehead/data/detail/splitmix.h"

namespace tapehead::data {
namespace {

struct Mask {
  int64_t begin, end;
};

Mask draw_mask(SplitMix& random, int64_t size, int64_t param, double p) {
  const auto most = static_cast<int64_t>(p * static_cast<double>(size));
  const int64_t length = random.below(std::min(param, most)),
                begin = random.below(size - length + 1);
  return {begin, begin + length};
}

void check_spec_augment(const Tensor& features, const SpecAugmentOptions& o) {
  if (features.dtype() != f32)
    throw DTypeError(
        fmt::format("spec_augment: the features are {}; expected f32", name(features.dtype())));
  if (features.dim() != 2)
    throw ShapeError(
        fmt::format("spec_augment: the features are {}; expected [T, F]", features.shape().str()));
  const struct {
    const char* name;
    int64_t value;
  } counts[] = {{"n_time_masks", o.n_time_masks},
                {"time_mask_param", o.time_mask_param},
                {"n_freq_masks", o.n_freq_masks},
                {"freq_mask_param", o.freq_mask_param}};
  for (const auto& count : counts)
    if (count.value < 0)
      throw ValueError(
          fmt::format("spec_augment: {} = {}; it must be 0 or more", count.name, count.value));
  if (!(o.p >= 0 && o.p <= 1))
    throw ValueError(fmt::format("spec_augment: p = {}; it must be within 0..1", o.p));
}

void check_warp_features(const Tensor& features, const WarpFeaturesOptions& o) {
  if (features.dtype() != f32)
    throw DTypeError(
        fmt::format("warp_features: the features are {}; expected f32", name(features.dtype())));
  if (features.dim() != 2 || features.size(1) != o.fbank.num_mel_bins)
    throw ShapeError(
        fmt::format("warp_features: the features are {}; expected [T, {}], as fbank.num_mel_bins",
                    features.shape().str(), o.fbank.num_mel_bins));
  detail::check_fbank("warp_features", o.fbank);
  for (const auto& [name, factor] :
       {std::pair{"tempo", o.tempo}, std::pair{"frequency", o.frequency}})
    if (!(factor >= 0.1 && factor <= 10))
      throw ValueError(
          fmt::format("warp_features: {} = {}; it must be within 0.1..10", name, factor));
}

// A place between two rows, or columns: (1 - part) x[below] + part x[below + 1].
struct Between {
  int64_t below;
  float part;
};

Between between(double at, int64_t count) {
  const double inside = std::clamp(at, 0.0, static_cast<double>(count - 1));
  const int64_t below = std::min(static_cast<int64_t>(inside), std::max<int64_t>(0, count - 2));
  return {below, static_cast<float>(inside - static_cast<double>(below))};
}

// Where the new filters are among the old ones, which are evenly spaced on the mel scale.
std::vector<Between> warped_filters(const WarpFeaturesOptions& o) {
  const auto [low, step] = detail::mel_edges(o.fbank);
  std::vector<Between> filters;
  for (int64_t i = 0; i < o.fbank.num_mel_bins; ++i) {
    const double centre = detail::hertz_of(low + step * static_cast<double>(i + 1)) / o.frequency;
    filters.push_back(between((detail::mel_of(centre) - low) / step - 1, o.fbank.num_mel_bins));
  }
  return filters;
}

double energy_of(const float* x, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += double{x[i]} * x[i];
  return sum;
}

}  // namespace

Tensor spec_augment(const Tensor& features, const SpecAugmentOptions& options, uint64_t seed) {
  check_spec_augment(features, options);
  const Tensor out = core::clone(features.detach());
  const int64_t T = out.size(0), F = out.size(1);
  if (out.numel() == 0) return out;
  float* x = out.data<float>();
  double value = 0;
  if (!options.zero_masking) {
    for (int64_t i = 0; i < T * F; ++i) value += x[i];
    value /= static_cast<double>(T * F);
  }
  SplitMix random(SplitMix::hash(seed));
  for (int64_t i = 0; i < options.n_time_masks; ++i) {
    const Mask mask = draw_mask(random, T, options.time_mask_param, options.p);
    std::fill(x + mask.begin * F, x + mask.end * F, static_cast<float>(value));
  }
  for (int64_t i = 0; i < options.n_freq_masks; ++i) {
    const Mask mask = draw_mask(random, F, options.freq_mask_param, options.p);
    for (int64_t t = 0; t < T; ++t)
      std::fill(x + t * F + mask.begin, x + t * F + mask.end, static_cast<float>(value));
  }
  return out;
}

Tensor warp_features(const Tensor& features, const WarpFeaturesOptions& options) {
  check_warp_features(features, options);
  const Tensor from = core::contiguous(features.detach());
  const int64_t T = from.size(0), F = from.size(1);
  if (from.numel() == 0) return core::clone(from);
  const int64_t length = std::max<int64_t>(1, std::llround(static_cast<double>(T) / options.tempo));
  const double step = length > 1 ? static_cast<double>(T - 1) / static_cast<double>(length - 1) : 0;
  const std::vector<Between> filters = warped_filters(options);
  const Tensor out = zeros({length, F});
  const float* x = from.data<float>();
  float* y = out.data<float>();
  const auto mix = [](float a, float b, float part) { return a + part * (b - a); };
  for (int64_t t = 0; t < length; ++t) {
    const Between frame = between(step * static_cast<double>(t), T);
    const float *a = x + frame.below * F, *b = T > 1 ? a + F : a;
    for (int64_t k = 0; k < F; ++k) {
      const auto [i, part] = filters[static_cast<size_t>(k)];
      const int64_t j = F > 1 ? i + 1 : i;
      *y++ = mix(mix(a[i], b[i], frame.part), mix(a[j], b[j], frame.part), part);
    }
  }
  return out;
}

Tensor add_noise(const Tensor& samples, const Tensor& noise, double snr) {
  for (const Tensor& x : {samples, noise})
    if (x.dtype() != f32)
      throw DTypeError(fmt::format("add_noise: expected f32 samples and noise, got {} and {}",
                                   name(samples.dtype()), name(noise.dtype())));
  if (samples.shape() != noise.shape() || samples.dim() == 0)
    throw ShapeError(
        fmt::format("add_noise: samples are {}, noise is {}; cut or repeat the noise to "
                    "the samples' shape [..., N]",
                    samples.shape().str(), noise.shape().str()));
  if (!std::isfinite(snr))
    throw ValueError(fmt::format("add_noise: snr = {}; it must be finite, in decibels", snr));
  const Tensor out = core::clone(samples.detach()), added = core::contiguous(noise.detach());
  const int64_t count = out.size(-1);
  for (int64_t at = 0; at < out.numel(); at += count) {
    float* x = out.data<float>() + at;
    const float* n = added.data<float>() + at;
    const double signal = energy_of(x, count), power = energy_of(n, count);
    if (signal == 0 || power == 0) continue;
    const double scale = std::sqrt(signal / power) * std::pow(10, -snr / 20);
    for (int64_t i = 0; i < count; ++i) x[i] += static_cast<float>(scale * n[i]);
  }
  return out;
}

}  // namespace tapehead::data

#include "tapehead/data/sound_augment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
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

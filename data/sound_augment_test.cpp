#include "tapehead/data/sound_augment.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/tests/expect.h"

namespace tapehead::sound_augment_test {

using testing::difference;
using testing::error_of;

TEST_CASE("spec_augment: masks no more than it may, anywhere") {
  constexpr int64_t kFrames = 50, kFeatures = 20, kSeeds = 400;
  const data::SpecAugmentOptions options{.n_time_masks = 1,
                                         .time_mask_param = 10,
                                         .n_freq_masks = 1,
                                         .freq_mask_param = 100,
                                         .p = 0.25,
                                         .zero_masking = true};
  const Tensor x = ones({kFrames, kFeatures});
  std::vector<int64_t> masked(kFrames);  // seeds that mask each frame
  int64_t widest = 0, longest = 0;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Tensor y = data::spec_augment(x, options, seed);
    CHECK(difference(y, data::spec_augment(x, options, seed)) == 0);
    const std::vector<double> frames = y.amax(1).to_vector<double>(),
                              features = y.amax(0).to_vector<double>();
    for (size_t t = 0; t < frames.size(); ++t) masked[t] += frames[t] == 0 ? 1 : 0;
    longest = std::max(longest, std::count(frames.begin(), frames.end(), 0.0));
    widest = std::max(widest, std::count(features.begin(), features.end(), 0.0));
    // What is masked are whole frames and whole features.
    CHECK(difference(y, y.amax(1, true).mul(y.amax(0, true))) == 0);
  }
  CHECK(longest == 9);  // below time_mask_param
  CHECK(widest == 4);   // below a quarter of 20
  for (const int64_t count : masked) CHECK(count > 0);
  const Tensor mean = data::spec_augment(arange(200, f32).reshape({20, 10}), {}, 3);
  CHECK(mean.eq(99.5).any().item<bool>());
  CHECK(data::spec_augment(zeros({0, 5}), {}, 1).shape() == Shape{0, 5});
  const Tensor same = rand({6, 4});
  CHECK(difference(data::spec_augment(same, {.p = 0}, 1), same) == 0);
}

TEST_CASE("add_noise: the ratio of energies, row by row") {
  const Tensor x = randn({3, 500}), noise = randn({3, 500}).mul(tensor({{0.1}, {1.0}, {7.0}}));
  for (const double snr : {-5.0, 0.0, 12.0}) {
    CAPTURE(snr);
    const Tensor y = data::add_noise(x, noise, snr), added = y.sub(x);
    const Tensor ratio = x.square().sum(1).div(added.square().sum(1)).log10().mul(10);
    CHECK(difference(ratio, full({3}, snr)) < 1e-3);
  }
  CHECK(difference(data::add_noise(zeros({4}), ones({4}), 10), zeros({4})) == 0);
  CHECK(difference(data::add_noise(ones({4}), zeros({4}), 10), ones({4})) == 0);
}

// Compared with what the features of a tone of the other frequency are.
TEST_CASE("warp_features: moves a tone to its new frequency, and frames to their new time") {
  const auto tone = [](double hertz, const data::FbankOptions& o) {
    return data::fbank(
        sin(arange(8000, f32) * (2 * std::numbers::pi * hertz / o.sample_frequency)) * 1000, o);
  };
  for (const data::FbankOptions& o :
       {data::FbankOptions{.num_mel_bins = 60},
        data::FbankOptions{.sample_frequency = 8000, .num_mel_bins = 40, .high_freq = -300}})
    for (const double factor : {0.8, 1.0, 1.25}) {
      CAPTURE(factor);
      const Tensor x = tone(900, o), y = data::warp_features(x, {.frequency = factor, .fbank = o});
      CHECK(y.shape() == x.shape());
      CHECK(difference(argmax(y, 1), argmax(tone(900 * factor, o), 1)) <= 1);
      if (factor != 1) CHECK(difference(argmax(y, 1), argmax(x, 1)) >= 2);
      else CHECK(difference(y, x) < 1e-4);
    }
  const Tensor ramp = arange(21, f32).unsqueeze(1).expand({21, 23}).contiguous();
  const Tensor slow = data::warp_features(ramp, {.tempo = 0.5});
  CHECK(slow.shape() == Shape{42, 23});
  CHECK(difference(slow, linspace(0, 20, 42).unsqueeze(1).expand({42, 23})) < 1e-4);
  CHECK(data::warp_features(ramp, {.tempo = 10}).shape() == Shape{2, 23});
  CHECK(data::warp_features(ones({1, 23}), {.tempo = 10}).shape() == Shape{1, 23});
  CHECK(data::warp_features(zeros({0, 23}), {}).shape() == Shape{0, 23});
}

TEST_CASE("augmentation of sound: invalid calls") {
  const Tensor x = ones({4, 3});
  CHECK(error_of<ValueError>([] {
          data::warp_features(ones({4, 23}), {.tempo = 0});
        }) == "warp_features: tempo = 0; it must be within 0.1..10");
  CHECK(error_of<ValueError>([] {
          data::warp_features(ones({4, 23}), {.frequency = NAN});
        }) == "warp_features: frequency = nan; it must be within 0.1..10");
  CHECK(error_of<ShapeError>([&] { data::warp_features(x, {}); }) ==
        "warp_features: the features are [4, 3]; expected [T, 23], as fbank.num_mel_bins");
  CHECK(error_of<DTypeError>([] {
          data::warp_features(ones({3, 23}, i64), {});
        }) == "warp_features: the features are i64; expected f32");
  CHECK(error_of<ValueError>([] {
          data::warp_features(ones({4, 23}), {.fbank = {.low_freq = -800}});
        }) ==
        "warp_features: low_freq = -800; it must be 0 or more, below half of the sample frequency");
  const auto refused = [&](const data::SpecAugmentOptions& options) {
    return error_of<ValueError>([&] { data::spec_augment(x, options, 1); });
  };
  CHECK(refused({.n_time_masks = -1}) == "spec_augment: n_time_masks = -1; it must be 0 or more");
  CHECK(refused({.freq_mask_param = -2}) ==
        "spec_augment: freq_mask_param = -2; it must be 0 or more");
  CHECK(refused({.p = 1.5}) == "spec_augment: p = 1.5; it must be within 0..1");
  CHECK(error_of<ShapeError>([] { data::spec_augment(ones({3}), {}, 1); }) ==
        "spec_augment: the features are [3]; expected [T, F]");
  CHECK(error_of<DTypeError>([] {
          data::spec_augment(ones({3, 3}, i64), {}, 1);
        }) == "spec_augment: the features are i64; expected f32");
  CHECK(
      error_of<ShapeError>([&] { data::add_noise(x, ones({3}), 1); }) ==
      "add_noise: samples are [4, 3], noise is [3]; cut or repeat the noise to the samples' shape "
      "[..., N]");
  CHECK(error_of<DTypeError>([&] {
          data::add_noise(x, ones({4, 3}, f64), 1);
        }) == "add_noise: expected f32 samples and noise, got f32 and f64");
  CHECK(error_of<ValueError>([&] { data::add_noise(x, x, INFINITY); }) ==
        "add_noise: snr = inf; it must be finite, in decibels");
}

}  // namespace tapehead::sound_augment_test

#include "tapehead/data/features.h"

#include <doctest/doctest.h>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/oracles/audio_cases.h"
#include "tapehead/tests/oracles/audio_signal.h"

namespace tapehead::features_test {

using testing::difference;
using testing::error_of;

TEST_CASE("compute_deltas: torchaudio's numbers") {
  for (const test::DeltaCase& c : test::kDeltaCases) {
    CAPTURE(c.win_length);
    const Tensor x = test::signal(24, 1).view({8, 3});
    CHECK(difference(data::compute_deltas(x, c.win_length), c.deltas) < 1e-6);
  }
  CHECK(data::compute_deltas(zeros({0, 3})).shape() == Shape{0, 3});
  for (const int64_t length : {1, 4})
    CHECK(error_of<ValueError>([&] {
            data::compute_deltas(zeros({2, 2}), length);
          }).ends_with("it must be odd, 3 or more"));
  CHECK(error_of<ShapeError>([] { data::compute_deltas(zeros({2})); }) ==
        "compute_deltas: the features are [2]; expected [T, F]");
}

TEST_CASE("FeatureStats: of frames in pieces, far from 0") {
  const Tensor x = randn({200, 4}).mul(tensor({1.0, 0.01, 5.0, 0.0})).add(1000);
  data::FeatureStats stats;
  stats.add(x.slice(0, 0, 1));
  stats.add(zeros({0, 4}));
  stats.add(x.slice(0, 1, 200));
  CHECK(stats.frames() == 200);
  const Tensor wide = x.to(f64);
  CHECK(difference(stats.mean(), wide.mean(0).to(f32)) < 1e-4);
  CHECK(difference(stats.stddev(), wide.stddev({0}, false, 0).to(f32)) < 1e-6);
  const Tensor y = stats.normalize(x), centred = stats.normalize(x, false);
  CHECK(difference(y.mean(0), zeros({4})) < 1e-3);
  CHECK(difference(y.square().mean(0), tensor({1.0, 1.0, 1.0, 0.0})) < 1e-3);
  CHECK(difference(centred, wide.sub(wide.mean(0)).to(f32)) < 1e-4);
  CHECK(difference(data::normalize_features(x), y) == 0);
}

TEST_CASE("SpeakerStats: each speaker by themselves") {
  data::SpeakerStats stats;
  stats.add("ann", tensor({{1.0}}));
  stats.add("bob", tensor({{10.0}, {30.0}}));
  stats.add("ann", tensor({{3.0}}));
  CHECK(difference(stats.normalize("ann", tensor({{4.0}})), tensor({{2.0}})) == 0);
  CHECK(difference(stats.normalize("bob", tensor({{40.0}})), tensor({{2.0}})) == 0);
  CHECK(difference(stats.normalize("bob", tensor({{40.0}}), false), tensor({{20.0}})) == 0);
  CHECK(stats.speakers().size() == 2);
  CHECK(error_of<ValueError>([&] {
          stats.normalize("cy", zeros({1, 1}));
        }) == "normalize: no features of speaker 'cy' were added");
  CHECK(error_of<ShapeError>([&] {
          stats.add("ann", zeros({1, 2}));
        }) == "FeatureStats: frames of 2 features, but those before have 1");
  CHECK(error_of<DTypeError>([&] {
          stats.add("ann", zeros({1, 1}, f64));
        }) == "FeatureStats: the features are f64; expected f32");
  CHECK(error_of<ValueError>([] { data::FeatureStats().mean(); }) == "mean: no frames were added");
}

}  // namespace tapehead::features_test

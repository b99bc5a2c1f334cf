#include "tapehead/data/fbank.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/oracles/audio_cases.h"
#include "tapehead/tests/oracles/audio_signal.h"

namespace tapehead::fbank_test {

using data::FbankOptions;
using data::FeatureStream;
using data::MfccOptions;
using testing::difference;
using testing::Doubles;
using testing::error_of;

namespace {

// The largest difference of a frame from numbers, relative to those above 1.
double distance(const Tensor& features, int64_t frame, const Doubles& expected) {
  const Doubles row = testing::values(features[frame]);
  double most = row.size() == expected.size() ? 0 : std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < row.size() && i < expected.size(); ++i)
    most = std::max(most, std::abs(row[i] - expected[i]) / std::max(1.0, std::abs(expected[i])));
  return most;
}

template <class Options>
void check_recorded(const std::vector<test::FeatureCase<Options>>& cases,
                    Tensor (*features_of)(const Tensor&, const Options&), double tolerance) {
  const Tensor x = test::signal(1600, 32768);
  for (size_t i = 0; i < cases.size(); ++i) {
    CAPTURE(i);
    const auto& c = cases[i];
    const Tensor features = features_of(x, c.options);
    REQUIRE(features.shape() == Shape{c.frames, c.features});
    CHECK(distance(features, 1, c.second) < tolerance);
    CHECK(distance(features, c.frames - 1, c.last) < tolerance);
    CHECK(distance(features, 1, c.second_of_kaldi) < tolerance);
  }
}

}  // namespace

TEST_CASE("fbank and mfcc: the numbers of torchaudio and kaldi-native-fbank") {
  // torchaudio and kaldi-native-fbank differ by as much.
  check_recorded(test::kFbankCases, &data::fbank, 5e-5);
  check_recorded(test::kMfccCases, &data::mfcc, 3e-4);
}

TEST_CASE("fbank: signals of any length") {
  const FbankOptions whole{}, mirrored{.snip_edges = false};
  const struct {
    int64_t samples, frames, mirrored_frames;
  } cases[] = {{0, 0, 0},   {1, 0, 0},   {80, 0, 1}, {399, 0, 2},
               {400, 1, 3}, {559, 1, 3}, {560, 2, 4}};
  for (const auto& c : cases) {
    CAPTURE(c.samples);
    const Tensor x = test::signal(c.samples, 1);
    CHECK(data::fbank(x, whole).shape() == Shape{c.frames, 23});
    CHECK(data::fbank(x, mirrored).shape() == Shape{c.mirrored_frames, 23});
  }
  const Tensor silence = data::fbank(zeros({1, 1600}));  // of log(epsilon)
  CHECK(difference(silence, full({8, 23}, std::log(std::numeric_limits<float>::epsilon()))) < 1e-5);
}

TEST_CASE("FeatureStream: exactly the features of all samples at once") {
  constexpr int64_t kSamples = 9000;
  std::vector<int16_t> integers;
  std::string bytes;
  const Tensor x = test::signal(kSamples, 1);
  for (const float sample : x.span<float>()) {
    integers.push_back(static_cast<int16_t>(std::lround(sample * 32767)));
    bytes.push_back(static_cast<char>(integers.back() & 0xff));
    bytes.push_back(static_cast<char>(integers.back() >> 8));
  }
  std::vector<float> floats(integers.size());
  for (size_t i = 0; i < floats.size(); ++i) floats[i] = static_cast<float>(integers[i]) / 32768;
  const FbankOptions options[] = {{.num_mel_bins = 40},
                                  {.frame_shift = 30, .use_energy = true}};  // with gaps
  for (const FbankOptions& o : options) {
    const MfccOptions ceps{.fbank = o};
    const Tensor expected = data::fbank(from_vector(floats), o);
    const Tensor expected_ceps = data::mfcc(from_vector(floats), ceps);
    for (const size_t piece : {1, 7, 160, 1000, 20000}) {
      CAPTURE(piece);
      FeatureStream in_bytes(o), in_integers(o), in_floats(ceps);
      std::vector<float> of_bytes, of_integers, of_floats;
      const auto append = [](std::vector<float>& to, const Tensor& features) {
        const auto all = features.span<float>();
        to.insert(to.end(), all.begin(), all.end());
      };
      for (size_t at = 0; at < bytes.size(); at += piece)
        append(of_bytes, in_bytes.push_bytes(std::string_view(bytes).substr(at, piece)));
      for (size_t at = 0; at < integers.size(); at += piece) {
        const size_t count = std::min(piece, integers.size() - at);
        append(of_integers, in_integers.push(std::span(integers).subspan(at, count)));
        append(of_floats, in_floats.push(std::span<const float>(floats).subspan(at, count)));
      }
      CHECK(of_bytes == expected.to_vector<float>());
      CHECK(of_integers == of_bytes);
      CHECK(of_floats == expected_ceps.to_vector<float>());
    }
  }
}

TEST_CASE("fbank and mfcc: invalid calls") {
  const Tensor x = zeros({800});
  const auto refused = [&](const FbankOptions& options) {
    return error_of<ValueError>([&] { data::fbank(x, options); });
  };
  CHECK(error_of<DTypeError>([&] { data::fbank(zeros({9}, f64)); }) ==
        "fbank: the samples are f64; expected f32");
  CHECK(error_of<ShapeError>([&] {
          data::mfcc(zeros({2, 9}));
        }) == "mfcc: the samples are [2, 9]; expected [N] or [1, N], one channel of them");
  CHECK(refused({.num_mel_bins = 400}) ==
        "fbank: no frequency of the transform of 512 samples lies in mel bin 0 of 400; use fewer "
        "bins");
  const std::pair<FbankOptions, const char*> cases[] = {
      {{.sample_frequency = 0}, "sample_frequency = 0; it must be within 1..1e7"},
      {{.frame_length = 0.1},
       "frame_length = 0.1; it must be 2 to 1,048,576 samples long, in milliseconds"},
      {{.frame_shift = -10},
       "frame_shift = -10; it must be 1 to 1,048,576 samples long, in milliseconds"},
      {{.num_mel_bins = 2}, "num_mel_bins = 2; it must be 3 or more"},
      {{.low_freq = 8000},
       "low_freq = 8000; it must be 0 or more, below half of the sample frequency"},
      {{.high_freq = 8001},
       "high_freq = 8001; it must be above low_freq, up to half of the sample frequency"},
      {{.preemphasis_coefficient = 2}, "preemphasis_coefficient = 2; it must be within 0..1"},
      {{.energy_floor = -1}, "energy_floor = -1; it must be 0 or more"}};
  for (const auto& [options, error] : cases)
    CHECK(refused(options) == "fbank: " + std::string(error));
  const auto refused_ceps = [&](const MfccOptions& options) {
    return error_of<ValueError>([&] { data::mfcc(x, options); });
  };
  CHECK(refused_ceps({.num_ceps = 24}) == "mfcc: num_ceps = 24; it must be within 1..num_mel_bins");
  CHECK(refused_ceps({.cepstral_lifter = -1}) ==
        "mfcc: cepstral_lifter = -1; it must be 0 or more");
  CHECK(refused_ceps({.fbank = {.use_power = false}}) ==
        "mfcc: use_log_fbank and use_power must be true");
  CHECK(error_of<ValueError>([] { FeatureStream(FbankOptions{.snip_edges = false}); }) ==
        "FeatureStream: snip_edges must be true: the last frames would mirror samples");
}

}  // namespace tapehead::fbank_test

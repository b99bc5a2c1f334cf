#include "tapehead/data/resample.h"

#include <doctest/doctest.h>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/oracles/audio_cases.h"
#include "tapehead/tests/oracles/audio_signal.h"

namespace tapehead::resample_test {

using testing::difference;
using testing::error_of;

TEST_CASE("resample: torchaudio's numbers") {
  for (const test::ResampleCase& c : test::kResampleCases) {
    CAPTURE(c.from);
    CAPTURE(c.to);
    const Tensor x = test::signal(300, 1), y = data::resample(x, c.from, c.to);
    REQUIRE(y.shape() == Shape{c.length});
    std::vector<double> some;
    for (int64_t i = 0; i < c.length; i += 7) some.push_back(y.data<float>()[i]);
    CHECK(difference(tensor(some, f64), c.samples) < 5e-6);
    // Rows are independent, and rates count relative to each other.
    const Tensor rows = data::resample(x.view({1, 3, 100}), 3 * c.from, 3 * c.to);
    CHECK(difference(rows[0][1], data::resample(x.slice(0, 100, 200), c.from, c.to)) == 0);
  }
  CHECK(data::resample(zeros({0}), 8000, 16000).shape() == Shape{0});
  const Tensor x = test::signal(50, 1);
  CHECK(difference(data::resample(x, 7, 7), x) == 0);
}

TEST_CASE("speed: resamples, by rounded rates") {
  const Tensor x = test::signal(300, 1);
  CHECK(difference(data::speed(x, 16000, 1.1), data::resample(x, 17600, 16000)) == 0);
  CHECK(difference(data::speed(x, 16000, 1.15), data::resample(x, 18400, 16000)) == 0);
  CHECK(error_of<ValueError>([&] { data::speed(x, 16000, 0); }) ==
        "speed: factor = 0; it must be within 0.1..10");
}

TEST_CASE("resample: invalid calls") {
  const auto refused = [](const Tensor& x, int64_t from, int64_t to,
                          const data::ResampleOptions& options = {}) {
    return error_of<Error>([&] { data::resample(x, from, to, options); });
  };
  const Tensor x = zeros({4});
  CHECK(refused(zeros({4}, f64), 1, 2) == "resample: the samples are f64; expected f32");
  CHECK(refused(zeros({}), 1, 2) == "resample: the samples are a 0-d tensor; expected [..., N]");
  CHECK(refused(x, 0, 2) ==
        "resample: from 0 to 2 samples per second; both must be within 1..10000000");
  CHECK(refused(x, 65537, 2) ==
        "resample: from 65537 to 2 samples per second, a ratio of 65537 to 2; neither may exceed "
        "65536");
  CHECK(refused(x, 1, 2, {.lowpass_filter_width = 0}) ==
        "resample: lowpass_filter_width = 0; it must be within 1..1024");
  CHECK(refused(x, 1, 2, {.rolloff = 1.5}) == "resample: rolloff = 1.5; it must be within 0.01..1");
  CHECK(refused(x, 1, 2, {.rolloff = 1e-9}) ==
        "resample: rolloff = 1e-09; it must be within 0.01..1");
}

}  // namespace tapehead::resample_test

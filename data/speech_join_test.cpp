#include "tapehead/data/speech_join.h"

#include <doctest/doctest.h>

#include <vector>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/tests/expect.h"

namespace tapehead::speech_join_test {

using data::join_recordings;
using testing::difference;
using testing::error_of;

TEST_CASE("join_recordings: cross-fades and silence") {
  const std::vector<Tensor> three{ones({100}), ones({1, 100}), ones({10})};
  const auto faded = join_recordings(three, 1000, {.max_silence = 0, .cross_fade = 0.02}, 1);
  CHECK(faded.starts == std::vector<int64_t>{0, 80, 175});  // half of the last one fades
  CHECK(faded.ends == std::vector<int64_t>{100, 180, 185});
  CHECK(difference(faded.samples, ones({185})) < 1e-6);  // both weights sum to 1
  const auto apart =
      join_recordings(three, 1000, {.min_silence = 0.05, .max_silence = 0.05, .cross_fade = 0}, 1);
  CHECK(apart.starts == std::vector<int64_t>{0, 150, 300});
  CHECK(apart.samples.sum().item() == 210);
  const data::JoinOptions random{.min_silence = 0.02, .max_silence = 0.2};
  const auto one = join_recordings(three, 1000, random, 1),
             same = join_recordings(three, 1000, random, 1),
             other = join_recordings(three, 1000, random, 2);
  CHECK(difference(one.samples, same.samples) == 0);
  CHECK(one.starts != other.starts);
  for (size_t i = 1; i < 3; ++i) {
    CHECK(one.starts[i] - one.ends[i - 1] >= 10);
    CHECK(one.starts[i] - one.ends[i - 1] <= 195);
  }
}

TEST_CASE("join_recordings: invalid calls") {
  const std::vector<Tensor> two{ones({4}), ones({2, 4})}, wide{ones({4}, f64)}, empty{ones({0})};
  const auto refused = [](const std::vector<Tensor>& recordings,
                          const data::JoinOptions& options = {}) {
    return error_of<Error>([&] { join_recordings(recordings, 1000, options, 1); });
  };
  const std::vector<Tensor> fine{ones({4})};
  CHECK(refused({}) == "join_recordings: there are no recordings");
  CHECK(refused(two) == "join_recordings: recording 1 is [2, 4]; expected samples [N] or [1, N]");
  CHECK(refused(empty) == "join_recordings: recording 0 is [0]; expected samples [N] or [1, N]");
  CHECK(refused(wide) == "join_recordings: recording 0 is f64; expected f32");
  CHECK(refused(fine, {.min_silence = 2, .max_silence = 1}) ==
        "join_recordings: silence from 2 to 1 seconds; it must be in ascending order, within "
        "0..3600");
  CHECK(refused(fine, {.cross_fade = -1}) ==
        "join_recordings: cross_fade = -1; it must be within 0..3600");
  CHECK(error_of<ValueError>([&] { join_recordings(fine, 0, {}, 1); }) ==
        "join_recordings: a rate of 0 samples per second; it must be within 1..10,000,000");
}

}  // namespace tapehead::speech_join_test

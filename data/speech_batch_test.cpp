#include "tapehead/data/speech_batch.h"

#include <doctest/doctest.h>

#include <vector>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/tests/expect.h"

namespace tapehead::speech_batch_test {

using data::speech_batch;
using testing::difference;
using testing::error_of;

TEST_CASE("speech_batch: pads features and tokens at the end") {
  const std::vector<Tensor> features{tensor({{1.0, 2.0}}), zeros({0, 2}),
                                     tensor({{3.0, 4.0}, {5.0, 6.0}})};
  const data::TokenLists tokens{{7}, {8, 9, 9}, {}};
  const data::SpeechBatch batch =
      speech_batch(features, tokens, std::vector<int64_t>{2, 0, 1}, {.pad = 5, .feature_pad = -1});
  CHECK(difference(batch.features, tensor({{{3.0, 4.0}, {5.0, 6.0}},
                                           {{1.0, 2.0}, {-1.0, -1.0}},
                                           {{-1.0, -1.0}, {-1.0, -1.0}}})) == 0);
  CHECK(batch.feature_lengths.to_vector<int64_t>() == std::vector<int64_t>{2, 1, 0});
  CHECK(batch.tokens.to_vector<int64_t>() == std::vector<int64_t>{5, 5, 5, 7, 5, 5, 8, 9, 9});
  CHECK(batch.token_lengths.to_vector<int64_t>() == std::vector<int64_t>{0, 1, 3});
  CHECK(data::min_ctc_frames(tokens[1]) == 4);
  CHECK(data::min_ctc_frames(tokens[2]) == 0);
}

TEST_CASE("speech_batch: invalid calls") {
  const std::vector<Tensor> features{ones({1, 2}), ones({2, 3}), ones({2}), ones({1, 2}, f64)};
  const data::TokenLists tokens(4);
  const auto refused = [&](int64_t second) {
    return error_of<Error>([&] {
      speech_batch(features, tokens, std::vector<int64_t>{0, second});
    });
  };
  CHECK(refused(4) == "speech_batch: utterance 4; there are features of 4 and tokens of 4");
  CHECK(refused(1) ==
        "speech_batch: the features of utterance 1 are [2, 3], those of 0 are [1, 2]; expected [T, "
        "F] with the same F");
  CHECK(refused(2).starts_with("speech_batch: the features of utterance 2 are [2]"));
  CHECK(refused(3) == "speech_batch: the features of utterance 3 are f64; expected f32");
}

}  // namespace tapehead::speech_batch_test

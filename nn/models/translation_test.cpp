#include "tapehead/nn/models/translation.h"

#include <doctest/doctest.h>

using namespace tapehead;

TEST_CASE("a batch of pairs has its ends, its lengths and its padding") {
  const nn::TokenLists sources{{5, 6}, {7}, {8, 9, 10}}, targets{{11}, {12, 13}, {}};
  const std::vector<int64_t> which{2, 0};
  const nn::Seq2SeqBatch batch = nn::seq2seq_batch(sources, targets, which);
  CHECK(batch.source.shape() == Shape{2, 4});
  CHECK(batch.source.to_vector<int64_t>() == std::vector<int64_t>{8, 9, 10, 3, 5, 6, 3, 0});
  CHECK(batch.source_lengths.to_vector<int64_t>() == std::vector<int64_t>{4, 3});
  CHECK(batch.target.to_vector<int64_t>() == std::vector<int64_t>{2, 3, 0, 2, 11, 3});
}

TEST_CASE("translations come back in the order of their sources") {
  nn::TokenLists sources;
  for (int64_t i = 0; i < 7; ++i) sources.emplace_back(static_cast<size_t>(i * 3 % 5 + 1), i + 4);
  int64_t calls = 0;
  const auto echo = [&](const Tensor& source, const Tensor& lengths, const nn::BeamOptions&) {
    ++calls;
    std::vector<nn::Hypothesis> out;
    for (int64_t i = 0; i < source.size(0); ++i) {
      std::vector<int64_t> row = source[i].to_vector<int64_t>();
      row.resize(static_cast<size_t>(lengths[i].item<int64_t>()) - 1);
      out.push_back({.tokens = row, .score = 0, .attention = {}});
    }
    return out;
  };
  const auto all = nn::translate_all(echo, sources, {}, 3);
  CHECK(calls == 3);
  REQUIRE(all.size() == sources.size());
  for (size_t i = 0; i < sources.size(); ++i) CHECK(all[i].tokens == sources[i]);
  CHECK(nn::translate_all(echo, {}).empty());
}

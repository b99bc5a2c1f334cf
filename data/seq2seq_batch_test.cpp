#include "tapehead/data/seq2seq_batch.h"

#include <doctest/doctest.h>

#include "tapehead/core/creation.h"

using namespace tapehead;
using namespace tapehead::data;

TEST_CASE("a batch of pairs has its ends, its lengths and its padding") {
  using Ids = std::vector<int64_t>;
  const TokenLists sources{{5, 6}, {7}, {8, 9, 10}}, targets{{11}, {12, 13}, {}};
  const Ids which{2, 0};
  const Seq2SeqBatch batch = seq2seq_batch(sources, targets, which);
  CHECK(batch.source.shape() == Shape{2, 4});
  CHECK(batch.source.to_vector<int64_t>() == Ids{8, 9, 10, 3, 5, 6, 3, 0});
  CHECK(batch.source_lengths.to_vector<int64_t>() == Ids{4, 3});
  CHECK(batch.target.to_vector<int64_t>() == Ids{2, 3, 0, 2, 11, 3});
  const Seq2SeqBatch other =
      seq2seq_batch(sources, targets, which, {.pad = -1, .bos = 20, .eos = 30});
  CHECK(other.source.to_vector<int64_t>() == Ids{8, 9, 10, 30, 5, 6, 30, -1});
  CHECK(other.target.to_vector<int64_t>() == Ids{20, 30, -1, 20, 11, 30});
}

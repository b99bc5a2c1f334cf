// Stories with a question each, in token ids, and batches of them: the input of memory networks.
//
// B batch, M sentences, J words of a sentence, J' words of a question, K supports, T words.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead::data {

/// A story and a question about it. Token ids are 1 or more; 0 is padding.
struct Story {
  std::vector<std::vector<int64_t>> sentences;  ///< in the order they are told
  std::vector<int64_t> question;
  int64_t answer = 0;             ///< id of the answer
  std::vector<int64_t> supports;  ///< indices of the sentences that the answer follows from
};

/// A batch of stories, padded at the end with 0 unless noted.
struct StoryBatch {
  Tensor story;      ///< i64 [B, M, J]: token ids
  Tensor sentences;  ///< i64 [B]: number of sentences, at least 1
  /// i64 [B, M]: age of each sentence, the number of sentences and gaps after it; 0 for padding.
  Tensor ages;
  Tensor question;  ///< i64 [B, J']
  Tensor answer;    ///< i64 [B]
  Tensor supports;  ///< i64 [B, K]: indices of supporting sentences, padded with -1
  Tensor words;     ///< i64 [B, T]: the words of the story, followed by those of the question
  Tensor lengths;   ///< i64 [B]: number of words
};

struct StoryBatchOptions {
  /// Maximum number of sentences: earlier ones are dropped, and their supports become -1. 0: no
  /// limit.
  int64_t memory = 0;
  /// Random noise (Sukhbaatar et al. 2015, 4.2): up to time_noise * n gaps are inserted between the
  /// ages of n sentences. Ages stay below `memory`, if given.
  double time_noise = 0;
  uint64_t seed = 0;  ///< seed of the noise
};

/// Collates the stories at indices `which`. Throws ValueError for a story without a sentence or a
/// question and for options out of range; IndexError for a token id below 1 and for a support that
/// is not a sentence.
/// Example: data::story_batch(std::vector<data::Story>{{.sentences = {{1, 2}, {3}}, .question =
///     {4}, .answer = 3}}, std::vector<int64_t>{0}).words  // [[1, 2, 3, 4]]
StoryBatch story_batch(std::span<const Story> stories, std::span<const int64_t> which,
                       const StoryBatchOptions& options = {});

}  // namespace tapehead::data

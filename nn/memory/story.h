// Questions about stories: what memory networks read, and what they answer.
//
// B batch, M sentences, J words of a sentence, V vocabulary, C width.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tapehead/nn/params.h"

namespace tapehead::nn {

/// A story and a question about it, in ids from 1 on; 0 is padding.
struct Story {
  std::vector<std::vector<int64_t>> sentences;  ///< the earliest first
  std::vector<int64_t> question;
  int64_t answer = 0;
  std::vector<int64_t> supports;  ///< positions of the sentences that the answer follows from
};

/// Stories side by side, padded with 0 at the end.
struct StoryBatch {
  Tensor story;      ///< i64 [B, M, J]
  Tensor sentences;  ///< i64 [B]: how many there are, at least 1
  /// i64 [B, M]: how long before the question a sentence was said, 0 for the last one; of padding
  /// M.
  Tensor ages;
  Tensor question;  ///< i64 [B, J']
  Tensor answer;    ///< i64 [B]
  Tensor supports;  ///< i64 [B, K], padded with -1
  Tensor words;     ///< i64 [B, T]: all words of the story, then those of the question
  Tensor lengths;   ///< i64 [B]: how many words
};

struct StoryBatchOptions {
  /// Only the last so many sentences are kept; supports that are lost become -1. 0: all.
  int64_t memory = 0;
  /// Before each of n sentences there may be gaps in time, n time_noise of them at most: random
  /// noise, Sukhbaatar et al. 2015, 4.2. Ages count them, and stay below the memory, if it is
  /// given.
  double time_noise = 0;
  uint64_t seed = 0;  ///< of the noise
};

/// The stories at `which`. Throws ValueError for a story without a sentence or question, for
/// options out of range, and IndexError for an id below 1 or a support that is no sentence.
StoryBatch story_batch(std::span<const Story> stories, std::span<const int64_t> which,
                       const StoryBatchOptions& options = {});

/// What a model answers, and how it came to that.
struct Answered {
  Tensor logits;  ///< [B, V]
  /// What each hop looked at, [B, M]: probabilities, or gates; where the model has such.
  std::vector<Tensor> looks;
  /// What the loss has besides the answer's cross entropy; undefined: nothing.
  Tensor extra_loss;
};

/// The mean cross entropy of the answers, and extra_loss.
Tensor answer_loss(const Answered& answered, const StoryBatch& batch);

/// Factors of the words of a sentence, [J, C], that keep their order in a sum (Sukhbaatar et al.
/// 2015, 4.1), with j and k counted from 1:
///
///   2 ((1 - j/J) - (k/C) (1 - 2 j/J))
///
/// whose mean is 1, like that of a bag of words: the paper's formula has no 2, its program has.
Tensor position_encoding(int64_t words, int64_t width);

}  // namespace tapehead::nn

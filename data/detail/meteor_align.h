// METEOR's alignment of two texts.
#pragma once

#include <cstdint>
#include <vector>

namespace tapehead::data {

/// A word of the hypothesis that a word of the reference may be aligned with.
struct WordMatch {
  int32_t hypothesis;  // position
  bool exact;          // or of stems
};

struct MeteorAlignment {
  std::vector<WordMatch> matches;  // for each word of the reference; hypothesis is -1 for none
  int64_t chunks = 0;
};

/// Aligns each word of the reference with one of its candidates or none, and no word of the
/// hypothesis twice: as described at meteor(), with a beam search.
MeteorAlignment meteor_align(const std::vector<std::vector<WordMatch>>& candidates,
                             int64_t hypothesis_length, int64_t beam_size);

}  // namespace tapehead::data

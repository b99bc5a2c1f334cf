#include "tapehead/data/detail/meteor_align.h"

#include <algorithm>
#include <cstdlib>
#include <tuple>
#include <utility>

namespace tapehead::data {
namespace {

constexpr WordMatch kUnaligned{-1, false};

/// What orders alignments of the first words of the reference.
struct AlignmentScore {
  int64_t words = 0;   // of the reference
  int64_t weight = 0;  // 2 for a match of equal words, 1 for one of stems
  int64_t chunks = 0, distance = 0;
  int32_t next = -1;  // the word of the hypothesis that would extend the last chunk

  AlignmentScore with(WordMatch match) const {
    AlignmentScore s = *this;
    if (match.hypothesis >= 0) {
      s.weight += match.exact ? 2 : 1;
      s.chunks += match.hypothesis != next;
      s.distance += std::abs(words - match.hypothesis);
    }
    s.next = match.hypothesis >= 0 ? match.hypothesis + 1 : -1;
    ++s.words;
    return s;
  }
  bool operator<(const AlignmentScore& other) const {
    return std::tuple(-weight, chunks, distance) <
           std::tuple(-other.weight, other.chunks, other.distance);
  }
};

/// An alignment of the first words of the reference.
struct PartialAlignment {
  std::vector<WordMatch> matches;
  std::vector<bool> used;  // words of the hypothesis
  AlignmentScore score;

  void add(WordMatch match, const AlignmentScore& total) {
    if (match.hypothesis >= 0) used[static_cast<size_t>(match.hypothesis)] = true;
    matches.push_back(match);
    score = total;
  }
};

/// An alignment with one more match, which is made if it is among the best.
struct Extension {
  const PartialAlignment* path;
  WordMatch match;
  AlignmentScore score;
};

}  // namespace

MeteorAlignment meteor_align(const std::vector<std::vector<WordMatch>>& candidates,
                             int64_t hypothesis_length, int64_t beam_size) {
  std::vector<int64_t> rivals(static_cast<size_t>(hypothesis_length));
  for (const auto& of_word : candidates)
    for (const WordMatch& match : of_word) ++rivals[static_cast<size_t>(match.hypothesis)];
  std::vector<PartialAlignment> beam(1);
  beam[0].used.resize(rivals.size());
  for (const auto& of_word : candidates) {
    // Words that only match each other are aligned.
    const bool definite =
        of_word.size() == 1 && rivals[static_cast<size_t>(of_word[0].hypothesis)] == 1;
    std::vector<Extension> extensions;
    for (const PartialAlignment& path : beam) {
      for (const WordMatch& match : of_word)
        if (!path.used[static_cast<size_t>(match.hypothesis)])
          extensions.push_back({&path, match, path.score.with(match)});
      if (!definite) extensions.push_back({&path, kUnaligned, path.score.with(kUnaligned)});
    }
    std::stable_sort(extensions.begin(), extensions.end(),
                     [](const Extension& a, const Extension& b) { return a.score < b.score; });
    if (std::ssize(extensions) > beam_size) extensions.resize(static_cast<size_t>(beam_size));
    std::vector<PartialAlignment> extended;
    extended.reserve(extensions.size());
    for (const Extension& e : extensions) {
      extended.push_back(*e.path);
      extended.back().add(e.match, e.score);
    }
    beam = std::move(extended);
  }
  return {.matches = std::move(beam[0].matches), .chunks = beam[0].score.chunks};
}

}  // namespace tapehead::data

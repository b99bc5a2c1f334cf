#include "tapehead/data/detail/meteor_align.h"

#include <algorithm>
#include <cstdlib>
#include <tuple>
#include <utility>

namespace tapehead::data {
namespace {

constexpr WordMatch kUnaligned{-1, false};

/// An alignment of the first words of the reference.
struct PartialAlignment {
  std::vector<WordMatch> matches;
  std::vector<bool> used;  // words of the hypothesis
  int64_t weight = 0;      // 2 for a match of equal words, 1 for one of stems
  int64_t chunks = 0, distance = 0;
  int32_t next = -1;  // the word of the hypothesis that would extend the last chunk

  void add(WordMatch match) {
    if (match.hypothesis >= 0) {
      used[static_cast<size_t>(match.hypothesis)] = true;
      weight += match.exact ? 2 : 1;
      chunks += match.hypothesis != next;
      distance += std::abs(std::ssize(matches) - match.hypothesis);
    }
    next = match.hypothesis >= 0 ? match.hypothesis + 1 : -1;
    matches.push_back(match);
  }
  bool operator<(const PartialAlignment& other) const {
    return std::tuple(-weight, chunks, distance) <
           std::tuple(-other.weight, other.chunks, other.distance);
  }
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
    std::vector<PartialAlignment> extended;
    for (PartialAlignment& path : beam) {
      for (const WordMatch& match : of_word) {
        if (path.used[static_cast<size_t>(match.hypothesis)]) continue;
        extended.push_back(path);
        extended.back().add(match);
      }
      if (definite) continue;
      path.add(kUnaligned);
      extended.push_back(std::move(path));
    }
    std::stable_sort(extended.begin(), extended.end());
    if (std::ssize(extended) > beam_size) extended.resize(static_cast<size_t>(beam_size));
    beam = std::move(extended);
  }
  return {.matches = std::move(beam[0].matches), .chunks = beam[0].chunks};
}

}  // namespace tapehead::data

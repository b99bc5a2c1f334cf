#include "tapehead/data/story_batch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "tapehead/core/creation.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"

namespace tapehead::data {
namespace {

using Rows = std::vector<std::vector<int64_t>>;

void check(const Story& s, int64_t number) {
  if (s.sentences.empty() || s.question.empty())
    throw ValueError(
        fmt::format("story_batch: story {} has {} sentences and a question of {} words; it needs "
                    "one of each",
                    number, s.sentences.size(), s.question.size()));
  const auto check_words = [&](const std::vector<int64_t>& words) {
    for (const int64_t id : words)
      if (id < 1)
        throw IndexError(
            fmt::format("story_batch: story {} has the id {}; ids are 1 or more", number, id));
  };
  for (const auto& sentence : s.sentences) check_words(sentence);
  check_words(s.question);
  for (const int64_t i : s.supports)
    if (i < 0 || i >= static_cast<int64_t>(s.sentences.size()))
      throw IndexError(fmt::format("story_batch: story {} has the support {}, outside 0..{}",
                                   number, i, s.sentences.size() - 1));
}

// n decreasing ages, the last at least 0, with random gaps whose sum is at most `gaps`.
std::vector<int64_t> ages_of(int64_t n, int64_t gaps, std::mt19937_64& random) {
  std::vector<int64_t> ages(static_cast<size_t>(n + gaps));
  std::iota(ages.rbegin(), ages.rend(), 0);
  for (int64_t gap = gaps; gap > 0; --gap)
    ages.erase(ages.begin() + static_cast<int64_t>(random() % ages.size()));
  return ages;
}

}  // namespace

StoryBatch story_batch(std::span<const Story> stories, std::span<const int64_t> which,
                       const StoryBatchOptions& o) {
  if (o.memory < 0 || o.time_noise < 0 || o.time_noise > 1)
    throw ValueError(fmt::format(
        "story_batch: memory = {} and time_noise = {}; they must be 0 or more, noise 1 at most",
        o.memory, o.time_noise));
  std::mt19937_64 random(o.seed);
  Rows questions, supports, words, ages, sentences;
  std::vector<int64_t> counts, answers, lengths;
  size_t most = 1, longest = 1;
  for (const int64_t i : which) {
    const Story& s = stories[static_cast<size_t>(i)];
    check(s, i);
    const size_t all = s.sentences.size();
    const size_t n = o.memory > 0 ? std::min(all, static_cast<size_t>(o.memory)) : all;
    most = std::max(most, n);
    for (size_t k = all - n; k < all; ++k) longest = std::max(longest, s.sentences[k].size());
  }
  const auto M = static_cast<int64_t>(most);
  for (const int64_t i : which) {
    const Story& s = stories[static_cast<size_t>(i)];
    const auto all = static_cast<int64_t>(s.sentences.size()), n = std::min(all, M),
               first = all - n;
    const int64_t room = o.memory > 0 ? o.memory - n : all;
    const auto limit =
        std::min(room, static_cast<int64_t>(std::ceil(static_cast<double>(n) * o.time_noise)));
    const int64_t gaps =
        limit > 0 ? static_cast<int64_t>(random() % static_cast<uint64_t>(limit + 1)) : 0;
    ages.push_back(ages_of(n, gaps, random));
    ages.back().resize(most);
    std::vector<int64_t> text;
    for (int64_t k = 0; k < M; ++k) {
      std::vector<int64_t> row;
      if (k < n) row = s.sentences[static_cast<size_t>(first + k)];
      text.insert(text.end(), row.begin(), row.end());
      row.resize(longest);
      sentences.push_back(std::move(row));
    }
    text.insert(text.end(), s.question.begin(), s.question.end());
    counts.push_back(n);
    lengths.push_back(static_cast<int64_t>(text.size()));
    words.push_back(std::move(text));
    questions.push_back(s.question);
    answers.push_back(s.answer);
    supports.emplace_back();
    for (const int64_t k : s.supports) supports.back().push_back(std::max<int64_t>(k - first, -1));
  }
  const auto B = static_cast<int64_t>(which.size());
  return {.story = core::reshape(pad_rows(sentences, 0), {B, M, static_cast<int64_t>(longest)}),
          .sentences = from_vector(counts),
          .ages = pad_rows(ages, 0),
          .question = pad_rows(questions, 0),
          .answer = from_vector(answers),
          .supports = pad_rows(supports, -1),
          .words = pad_rows(words, 0),
          .lengths = from_vector(lengths)};
}

}  // namespace tapehead::data

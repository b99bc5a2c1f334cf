#include "tapehead/data/meteor.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <tuple>

#include "tapehead/core/error.h"
#include "tapehead/data/detail/meteor_align.h"
#include "tapehead/tests/scratch.h"

namespace tapehead::meteor_test {

using namespace data;
using test::message_of;

using Lines = std::vector<std::string>;
using References = std::vector<Lines>;

namespace {

double score(const std::string& hypothesis, const std::string& reference,
             const MeteorOptions& options = {}) {
  return meteor(Lines{hypothesis}, References{{reference}}, options).score;
}

/// The formula of the paper, with its parameters for English.
double formula(double precision, double recall, double chunks, double matches) {
  const double mean = precision * recall / (0.85 * precision + 0.15 * recall);
  return mean * (1 - 0.6 * std::pow(chunks / matches, 0.2));
}

using Rank = std::tuple<int64_t, int64_t, int64_t>;  // weight, negated chunks and distance

Rank rank_of(const std::vector<WordMatch>& matches) {
  int64_t weight = 0, chunks = 0, distance = 0;
  for (size_t j = 0; j < matches.size(); ++j) {
    const auto [i, exact] = matches[j];
    if (i < 0) continue;
    weight += exact ? 2 : 1;
    distance += std::abs(i - static_cast<int64_t>(j));
    const bool follows =
        j > 0 && matches[j - 1].hypothesis >= 0 && matches[j - 1].hypothesis + 1 == i;
    if (!follows) ++chunks;
  }
  return {weight, -chunks, -distance};
}

/// The best of all alignments.
Rank best_rank(const std::vector<std::vector<WordMatch>>& candidates,
               std::vector<WordMatch>& matches) {
  if (matches.size() == candidates.size()) return rank_of(matches);
  matches.push_back({-1, false});
  Rank best = best_rank(candidates, matches);
  for (const WordMatch& match : candidates[matches.size() - 1]) {
    const bool used = std::any_of(matches.begin(), matches.end() - 1, [&](const WordMatch& other) {
      return other.hypothesis == match.hypothesis;
    });
    if (used) continue;
    matches.back() = match;
    best = std::max(best, best_rank(candidates, matches));
  }
  matches.pop_back();
  return best;
}

}  // namespace

TEST_CASE("meteor: cases computed by hand") {
  struct Case {
    const char *hypothesis, *reference;
    double precision, recall, chunks, matches;
  };
  const Case cases[] = {
      {"a red cat", "a red cat", 1, 1, 0, 3},   // equal texts have no penalty
      {"a red cat", "a cat", 2. / 3, 1, 2, 2},  // "red" parts the chunks
      {"the cat sat on the mat", "on the mat sat the cat", 1, 1, 3, 6},
      {"a b a c", "a c", 0.5, 1, 1, 2},           // the second "a" makes one chunk
      {"cats sit", "cat sits", 0.6, 0.6, 0, 2},   // matches of stems weigh 0.6
      {"run running", "run", 0.5, 1, 1, 1},       // equal words before equal stems
      {"running", "run runs x", 0.6, 0.2, 1, 1},  // one word matches once
      {"Running", "run", 0, 0, 0, 1},             // case is not changed
      {"x", "y", 0, 0, 0, 1},
      {"", "y", 0, 0, 0, 1},
      {"x", "", 0, 0, 0, 1},
      {"\xc3\xa9t\xc3\xa9s", "\xc3\xa9t\xc3\xa9s", 1, 1, 0, 1},
  };
  for (const Case& c : cases) {
    CAPTURE(c.hypothesis);
    const double expected =
        c.precision == 0 ? 0 : formula(c.precision, c.recall, c.chunks, c.matches);
    CHECK(score(c.hypothesis, c.reference) == doctest::Approx(expected).epsilon(1e-12));
  }
}

TEST_CASE("meteor: options") {
  CHECK(score("cats", "cat", {.stem = false}) == 0);
  CHECK(score("cats", "cat", {.stem_weight = 0.25}) == doctest::Approx(0.25));
  CHECK(score("a red cat", "a cat", {.gamma = 0}) == doctest::Approx(1 / (0.15 * 1.5 + 0.85)));
  CHECK(score("a red cat", "a cat", {.alpha = 0, .gamma = 0}) == doctest::Approx(2. / 3));
  CHECK(score("a red cat", "a cat", {.beta = 0}) == doctest::Approx(0.4 / (0.15 * 1.5 + 0.85)));
  // "a" weighs 0.25, other words 0.75.
  CHECK(score("a red cat", "a cat", {.function_words = {"a"}}) ==
        doctest::Approx(formula(1 / 1.75, 1, 2, 2)));
  CHECK(score("a red cat", "a cat", {.delta = 1, .function_words = {"a"}}) ==
        doctest::Approx(formula(0.5, 1, 2, 2)));
}

TEST_CASE("meteor: the best reference counts, and counts of a corpus are added up") {
  const CorpusScore scores = meteor(Lines{"a red cat", "a dog"},
                                    References{{"x", "a red cat", "a cat"}, {"a cow", "the cow"}});
  CHECK(scores.each[0] == 1);
  CHECK(scores.each[1] == doctest::Approx(formula(0.5, 0.5, 1, 1)));
  // 4 of 5 words match on both sides, in one chunk that is not a whole text.
  CHECK(scores.score == doctest::Approx(formula(0.8, 0.8, 1, 4)));
}

TEST_CASE("meteor: alignments are the best of all") {
  std::mt19937 random(7);
  const auto below = [&](uint32_t n) { return static_cast<int32_t>(random() % n); };
  for (int trial = 0; trial < 300; ++trial) {
    CAPTURE(trial);
    const int32_t length = 1 + below(5);
    std::vector<int32_t> hypothesis(static_cast<size_t>(length));
    for (int32_t& word : hypothesis) word = below(4);
    std::vector<std::vector<WordMatch>> candidates(static_cast<size_t>(1 + below(5)));
    for (auto& of_word : candidates) {
      const int32_t word = below(4);  // words 0 and 1, and 2 and 3, have equal stems
      for (int32_t i = 0; i < length; ++i) {
        const int32_t other = hypothesis[static_cast<size_t>(i)];
        if (other / 2 == word / 2) of_word.push_back({i, other == word});
      }
    }
    std::vector<WordMatch> matches;
    const MeteorAlignment found = meteor_align(candidates, length, 40);
    CHECK(rank_of(found.matches) == best_rank(candidates, matches));
    CHECK(found.chunks == -std::get<1>(rank_of(found.matches)));
  }
}

TEST_CASE("meteor: what it refuses") {
  const auto refuse = [](const MeteorOptions& options) {
    return message_of<ValueError>([&] { score("a", "a", options); });
  };
  CHECK(refuse({.alpha = 1.5}) == "meteor: alpha is 1.5; expected a number in 0..1");
  CHECK(refuse({.beta = -1}) == "meteor: beta is -1; expected a number in 0..1000000");
  CHECK(refuse({.gamma = NAN}) == "meteor: gamma is nan; expected a number in 0..1");
  CHECK(refuse({.delta = 2}) == "meteor: delta is 2; expected a number in 0..1");
  CHECK(refuse({.stem_weight = -1}) == "meteor: stem_weight is -1; expected a number in 0..1");
  CHECK(refuse({.beam_size = 0}) == "meteor: beam_size is 0; expected at least 1");
  CHECK(message_of<ValueError>([] { meteor(Lines{"a"}, References{}); }) ==
        "meteor: 1 hypotheses, 0 sets of references; each needs one of the other");
}

}  // namespace tapehead::meteor_test

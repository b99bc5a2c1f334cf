#include "tapehead/data/meteor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

#include "tapehead/core/error.h"
#include "tapehead/data/detail/captions.h"
#include "tapehead/data/detail/meteor_align.h"
#include "tapehead/data/detail/score_texts.h"
#include "tapehead/data/rouge.h"

namespace tapehead::data {
namespace {

/// The words of a text as METEOR's stages compare them.
struct MeteorWords {
  std::vector<int32_t> words, stems;
  std::vector<double> weights;  // delta or 1 - delta
};

class MeteorReader {
 public:
  explicit MeteorReader(const MeteorOptions& options)
      : options_(options),
        function_words_(options.function_words.begin(), options.function_words.end()) {}

  MeteorWords operator()(const std::vector<std::string>& tokens) {
    MeteorWords out;
    out.words = numbers_(tokens);
    std::vector<std::string> stems;
    for (const std::string& token : tokens) {
      stems.push_back(has_stem(token) ? porter_stem(token) : token);
      const bool content = !function_words_.contains(token);
      out.weights.push_back(content ? options_.delta : 1 - options_.delta);
    }
    out.stems = options_.stem ? stem_numbers_(std::move(stems)) : out.words;
    return out;
  }

 private:
  static bool has_stem(std::string_view token) {
    return std::all_of(token.begin(), token.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
  }

  const MeteorOptions& options_;
  std::set<std::string> function_words_;
  TokenNumbers numbers_, stem_numbers_;
};

/// What the score is computed from; of a corpus, the sums over its texts.
struct MeteorCounts {
  double hypothesis_matched = 0, reference_matched = 0;  // weighted
  double hypothesis_length = 0, reference_length = 0;    // weighted
  int64_t matches = 0, chunks = 0;

  void operator+=(const MeteorCounts& other) {
    hypothesis_matched += other.hypothesis_matched;
    reference_matched += other.reference_matched;
    hypothesis_length += other.hypothesis_length;
    reference_length += other.reference_length;
    matches += other.matches;
    chunks += other.chunks;
  }
  double score(const MeteorOptions& o) const {
    if (hypothesis_matched <= 0 || reference_matched <= 0) return 0;
    const double precision = hypothesis_matched / hypothesis_length;
    const double recall = reference_matched / reference_length;
    const double mean = 1 / ((1 - o.alpha) / precision + o.alpha / recall);
    if (chunks == 0) return mean;
    const double fragmentation = static_cast<double>(chunks) / static_cast<double>(matches);
    return mean * (1 - o.gamma * std::pow(fragmentation, o.beta));
  }
};

double sum_of(const std::vector<double>& weights) {
  double sum = 0;
  for (const double weight : weights) sum += weight;
  return sum;
}

MeteorCounts count_matches(const MeteorWords& hypothesis, const MeteorWords& reference,
                           const MeteorOptions& options) {
  std::vector<std::vector<WordMatch>> candidates(reference.words.size());
  for (size_t j = 0; j < reference.words.size(); ++j)
    for (size_t i = 0; i < hypothesis.words.size(); ++i) {
      const bool exact = hypothesis.words[i] == reference.words[j];
      if (exact || hypothesis.stems[i] == reference.stems[j])
        candidates[j].push_back({static_cast<int32_t>(i), exact});
    }
  const MeteorAlignment alignment =
      meteor_align(candidates, std::ssize(hypothesis.words), options.beam_size);
  MeteorCounts out;
  out.hypothesis_length = sum_of(hypothesis.weights);
  out.reference_length = sum_of(reference.weights);
  for (size_t j = 0; j < alignment.matches.size(); ++j) {
    const auto [i, exact] = alignment.matches[j];
    if (i < 0) continue;
    const double stage = exact ? 1 : options.stem_weight;
    out.hypothesis_matched += stage * hypothesis.weights[static_cast<size_t>(i)];
    out.reference_matched += stage * reference.weights[j];
    ++out.matches;
  }
  // Texts without a difference in order or number of words are not fragmented.
  const bool whole = alignment.chunks == 1 && out.matches == std::ssize(hypothesis.words) &&
                     out.matches == std::ssize(reference.words);
  out.chunks = whole ? 0 : alignment.chunks;
  return out;
}

void check_meteor(const MeteorOptions& o) {
  const auto in_range = [](const char* name, double value, double highest) {
    if (!(value >= 0 && value <= highest))
      throw ValueError(
          fmt::format("meteor: {} is {}; expected a number in 0..{}", name, value, highest));
  };
  in_range("alpha", o.alpha, 1);
  in_range("beta", o.beta, 1e6);
  in_range("gamma", o.gamma, 1);
  in_range("delta", o.delta, 1);
  in_range("stem_weight", o.stem_weight, 1);
  if (o.beam_size < 1)
    throw ValueError(fmt::format("meteor: beam_size is {}; expected at least 1", o.beam_size));
}

}  // namespace

CorpusScore meteor(std::span<const std::string> hypotheses,
                   std::span<const std::vector<std::string>> references,
                   const MeteorOptions& options) {
  check_meteor(options);
  const CaptionTokens tokens = caption_tokens("meteor", hypotheses, references);
  MeteorReader read(options);
  CorpusScore out;
  MeteorCounts total;
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    const MeteorWords hypothesis = read(tokens.hypotheses[i]);
    MeteorCounts best;
    double highest = -1;
    for (const std::vector<std::string>& reference : tokens.references[i]) {
      const MeteorCounts counts = count_matches(hypothesis, read(reference), options);
      const double score = counts.score(options);
      if (score <= highest) continue;
      highest = score;
      best = counts;
    }
    out.each.push_back(highest);
    total += best;
  }
  out.score = total.score(options);
  return out;
}

}  // namespace tapehead::data

#include "tapehead/data/bleu.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <unordered_map>

#include "tapehead/core/error.h"
#include "tapehead/data/text.h"

namespace tapehead::data {
namespace {

constexpr size_t kOrders = 4;

/// An n-gram as the numbers of its tokens, padded with 0.
using Ngram = std::array<int32_t, kOrders>;
using NgramCounts = std::map<Ngram, int64_t>;

size_t order_of(const Ngram& ngram) {
  return static_cast<size_t>(std::find(ngram.begin(), ngram.end(), 0) - ngram.begin());
}

/// Numbers the distinct tokens of the corpus from 1.
class Segmenter {
 public:
  explicit Segmenter(const BleuOptions& options) : options_(options) {}

  std::vector<int32_t> operator()(std::string_view line, std::string_view what, size_t index) {
    if (const int64_t bad = find_invalid_utf8(line); bad >= 0) {
      throw FormatError(
          fmt::format("bleu: {} {} is not UTF-8: byte {:#04x} at offset {}", what, index,
                      static_cast<unsigned char>(line[static_cast<size_t>(bad)]), bad));
    }
    std::u32string text = code_points(options_.lowercase ? lower(line) : std::string(line));
    while (!text.empty() && is_space(text.back())) text.pop_back();
    std::vector<int32_t> ids;
    for (std::string& token : tokenize_13a(to_utf8(text))) {
      const auto next = static_cast<int32_t>(numbers_.size() + 1);
      ids.push_back(numbers_.try_emplace(std::move(token), next).first->second);
    }
    return ids;
  }

 private:
  BleuOptions options_;
  std::unordered_map<std::string, int32_t> numbers_;
};

NgramCounts count_ngrams(const std::vector<int32_t>& tokens) {
  NgramCounts counts;
  for (size_t begin = 0; begin < tokens.size(); ++begin) {
    Ngram ngram{};
    for (size_t n = 0; n < kOrders && begin + n < tokens.size(); ++n) {
      ngram[n] = tokens[begin + n];
      ++counts[ngram];
    }
  }
  return counts;
}

/// The reference length that is closest to the hypothesis; the shorter one in case of a tie.
int64_t closest(int64_t length, const std::vector<int64_t>& references) {
  return *std::min_element(references.begin(), references.end(), [&](int64_t a, int64_t b) {
    const int64_t far_a = std::abs(a - length), far_b = std::abs(b - length);
    return far_a != far_b ? far_a < far_b : a < b;
  });
}

/// Fills in the precisions and the score from the counts, in sacreBLEU's order of operations.
void finish(BleuScore& score) {
  const auto hypothesis = static_cast<double>(score.hypothesis_length);
  const auto reference = static_cast<double>(score.reference_length);
  if (score.hypothesis_length < score.reference_length) {
    score.brevity_penalty = hypothesis > 0 ? std::exp(1 - reference / hypothesis) : 0;
  }
  if (std::all_of(score.correct.begin(), score.correct.end(), [](int64_t n) { return n == 0; })) {
    return;
  }
  double smoothing = 1;
  for (size_t n = 0; n < kOrders && score.total[n] > 0; ++n) {
    const auto correct = static_cast<double>(score.correct[n]);
    const auto total = static_cast<double>(score.total[n]);
    if (score.correct[n] == 0) smoothing *= 2;
    score.precisions[n] =
        score.correct[n] == 0 ? 100. / (smoothing * total) : 100. * correct / total;
  }
  // The precision of an order without n-grams is 0; sacreBLEU's substitute for its logarithm makes
  // the score 0.
  constexpr double kLogOfZero = -9999999999;
  double sum = 0;
  for (const double precision : score.precisions) {
    sum += precision == 0 ? kLogOfZero : std::log(precision);
  }
  score.score = score.brevity_penalty * std::exp(sum / kOrders);
}

void check_sizes(size_t hypotheses, size_t references) {
  if (hypotheses != references) {
    throw ValueError(fmt::format("bleu: {} hypotheses, {} references; each needs one of the other",
                                 hypotheses, references));
  }
  if (hypotheses == 0) throw ValueError("bleu: there are no hypotheses; pass at least one line");
}

/// `reference(r, i)` is the r-th reference of the i-th hypothesis.
template <class Reference>
BleuScore compute(std::span<const std::string> hypotheses, size_t references, Reference reference,
                  const BleuOptions& options) {
  BleuScore score;
  score.references = static_cast<int64_t>(references);
  score.lowercase = options.lowercase;
  Segmenter segment(options);
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    NgramCounts allowed;
    std::vector<int64_t> lengths;
    for (size_t r = 0; r < references; ++r) {
      const std::vector<int32_t> tokens = segment(reference(r, i), "reference", i);
      lengths.push_back(static_cast<int64_t>(tokens.size()));
      for (const auto& [ngram, count] : count_ngrams(tokens)) {
        allowed[ngram] = std::max(allowed[ngram], count);
      }
    }
    const std::vector<int32_t> tokens = segment(hypotheses[i], "hypothesis", i);
    const auto length = static_cast<int64_t>(tokens.size());
    score.hypothesis_length += length;
    score.reference_length += closest(length, lengths);
    for (const auto& [ngram, count] : count_ngrams(tokens)) {
      const size_t n = order_of(ngram) - 1;
      score.total[n] += count;
      const auto found = allowed.find(ngram);
      if (found != allowed.end()) score.correct[n] += std::min(count, found->second);
    }
  }
  finish(score);
  return score;
}

}  // namespace

std::string BleuScore::to_string() const {
  const double ratio = reference_length == 0 ? 0
                                             : static_cast<double>(hypothesis_length) /
                                                   static_cast<double>(reference_length);
  return fmt::format(
      "BLEU = {:.2f} {:.1f}/{:.1f}/{:.1f}/{:.1f} (BP = {:.3f} ratio = {:.3f} hyp_len = {} ref_len "
      "= "
      "{})",
      score, precisions[0], precisions[1], precisions[2], precisions[3], brevity_penalty, ratio,
      hypothesis_length, reference_length);
}

std::string BleuScore::signature() const {
  return fmt::format("nrefs:{}|case:{}|eff:no|tok:13a|smooth:exp", references,
                     lowercase ? "lc" : "mixed");
}

double bleu(std::span<const std::string> hypotheses, std::span<const std::string> references,
            const BleuOptions& options) {
  return bleu_score(hypotheses, references, options).score;
}

BleuScore bleu_score(std::span<const std::string> hypotheses,
                     std::span<const std::string> references, const BleuOptions& options) {
  check_sizes(hypotheses.size(), references.size());
  const auto reference = [&](size_t, size_t i) -> const std::string& { return references[i]; };
  return compute(hypotheses, 1, reference, options);
}

BleuScore bleu_score(std::span<const std::string> hypotheses,
                     std::span<const std::vector<std::string>> references,
                     const BleuOptions& options) {
  if (references.empty()) throw ValueError("bleu: there are no references; pass at least one set");
  for (const auto& set : references) check_sizes(hypotheses.size(), set.size());
  const auto reference = [&](size_t r, size_t i) -> const std::string& { return references[r][i]; };
  return compute(hypotheses, references.size(), reference, options);
}

}  // namespace tapehead::data

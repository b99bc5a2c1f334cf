#include "tapehead/data/bleu.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tapehead/core/error.h"
#include "tapehead/data/detail/ngrams.h"
#include "tapehead/data/detail/score_texts.h"
#include "tapehead/data/text.h"

namespace tapehead::data {
namespace {

std::vector<std::string> bleu_tokens(std::string_view line, const BleuOptions& options,
                                     const char* what, size_t index) {
  check_utf8("bleu", line, what, index);
  std::u32string text = code_points(options.lowercase ? lower(line) : std::string(line));
  while (!text.empty() && is_space(text.back())) text.pop_back();
  return tokenize_13a(to_utf8(text));
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
  for (size_t n = 0; n < kNgramOrders && score.total[n] > 0; ++n) {
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
  score.score = score.brevity_penalty * std::exp(sum / kNgramOrders);
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
  TokenNumbers numbers;
  NgramMatches matches;
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    std::vector<std::vector<int32_t>> allowed;
    for (size_t r = 0; r < references; ++r)
      allowed.push_back(numbers(bleu_tokens(reference(r, i), options, "reference", i)));
    const std::vector<int32_t> tokens =
        numbers(bleu_tokens(hypotheses[i], options, "hypothesis", i));
    score.hypothesis_length += std::ssize(tokens);
    score.reference_length += closest_length(std::ssize(tokens), allowed);
    matches += match_ngrams(tokens, allowed);
  }
  score.correct = matches.correct;
  score.total = matches.total;
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

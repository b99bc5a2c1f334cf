#include "tapehead/data/caption_scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tapehead/data/cider.h"
#include "tapehead/data/detail/captions.h"
#include "tapehead/data/detail/lcs.h"
#include "tapehead/data/detail/ngrams.h"
#include "tapehead/data/detail/score_texts.h"
#include "tapehead/data/meteor.h"

namespace tapehead::data {
namespace {

/// BLEU-1 to BLEU-4. Small numbers instead of zeros, as in pycocoevalcap.
std::array<double, kNgramOrders> bleu_of(const NgramMatches& matches, int64_t hypothesis_length,
                                         int64_t reference_length) {
  constexpr double kSmall = 1e-9, kTiny = 1e-15;
  const double ratio = (static_cast<double>(hypothesis_length) + kTiny) /
                       (static_cast<double>(reference_length) + kSmall);
  std::array<double, kNgramOrders> out{};
  double product = 1;
  for (size_t n = 0; n < kNgramOrders; ++n) {
    product *= (static_cast<double>(matches.correct[n]) + kTiny) /
               (static_cast<double>(matches.total[n]) + kSmall);
    out[n] = std::pow(product, 1 / static_cast<double>(n + 1));
    if (ratio < 1) out[n] *= std::exp(1 - 1 / ratio);
  }
  return out;
}

using ReferenceIds = std::vector<std::vector<int32_t>>;

ReferenceIds number_all(TokenNumbers& numbers, const std::vector<std::vector<std::string>>& texts) {
  ReferenceIds out;
  for (const std::vector<std::string>& text : texts) out.push_back(numbers(text));
  return out;
}

double rouge_l_of(std::span<const int32_t> hypothesis, const ReferenceIds& references) {
  constexpr double kBetaSquared = 1.2 * 1.2;
  double precision = 0, recall = 0;
  for (const std::vector<int32_t>& reference : references) {
    const double common = lcs_length(reference, hypothesis);
    if (common == 0) continue;
    precision = std::max(precision, common / static_cast<double>(hypothesis.size()));
    recall = std::max(recall, common / static_cast<double>(reference.size()));
  }
  if (precision == 0) return 0;
  return (1 + kBetaSquared) * precision * recall / (recall + kBetaSquared * precision);
}

}  // namespace

std::array<CorpusScore, 4> caption_bleu(std::span<const std::string> hypotheses,
                                        std::span<const std::vector<std::string>> references) {
  const CaptionTokens tokens = caption_tokens("caption_bleu", hypotheses, references);
  TokenNumbers numbers;
  NgramMatches total;
  int64_t hypothesis_length = 0, reference_length = 0;
  std::array<CorpusScore, kNgramOrders> out;
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    const ReferenceIds allowed = number_all(numbers, tokens.references[i]);
    const std::vector<int32_t> ids = numbers(tokens.hypotheses[i]);
    const NgramMatches matches = match_ngrams(ids, allowed);
    const int64_t closest = closest_length(std::ssize(ids), allowed);
    const auto scores = bleu_of(matches, std::ssize(ids), closest);
    for (size_t n = 0; n < kNgramOrders; ++n) out[n].each.push_back(scores[n]);
    total += matches;
    hypothesis_length += std::ssize(ids);
    reference_length += closest;
  }
  const auto scores = bleu_of(total, hypothesis_length, reference_length);
  for (size_t n = 0; n < kNgramOrders; ++n) out[n].score = scores[n];
  return out;
}

CorpusScore caption_rouge_l(std::span<const std::string> hypotheses,
                            std::span<const std::vector<std::string>> references) {
  const CaptionTokens tokens = caption_tokens("caption_rouge_l", hypotheses, references);
  TokenNumbers numbers;
  CorpusScore out;
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    const ReferenceIds allowed = number_all(numbers, tokens.references[i]);
    out.each.push_back(rouge_l_of(numbers(tokens.hypotheses[i]), allowed));
  }
  out.score =
      std::accumulate(out.each.begin(), out.each.end(), 0.0) / static_cast<double>(out.each.size());
  return out;
}

std::string CaptionScores::to_string() const {
  return fmt::format(
      "BLEU-1 {:.3f} BLEU-2 {:.3f} BLEU-3 {:.3f} BLEU-4 {:.3f} ROUGE-L {:.3f} METEOR {:.3f} CIDEr "
      "{:.3f} CIDEr-D {:.3f}",
      bleu[0].score, bleu[1].score, bleu[2].score, bleu[3].score, rouge_l.score, meteor.score,
      cider.score, cider_d.score);
}

CaptionScores caption_scores(std::span<const std::string> hypotheses,
                             std::span<const std::vector<std::string>> references) {
  return {.bleu = caption_bleu(hypotheses, references),
          .rouge_l = caption_rouge_l(hypotheses, references),
          .meteor = meteor(hypotheses, references),
          .cider = cider(hypotheses, references),
          .cider_d = cider_d(hypotheses, references)};
}

}  // namespace tapehead::data

#include "tapehead/data/cider.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "tapehead/core/error.h"
#include "tapehead/data/detail/captions.h"
#include "tapehead/data/detail/ngrams.h"
#include "tapehead/data/detail/score_texts.h"

namespace tapehead::data {

struct DocumentFrequencies::Impl {
  TokenNumbers numbers;
  NgramCounts counts;
  int64_t documents = 0;
};

namespace {

using ReferenceTokens = std::vector<std::vector<std::vector<std::string>>>;

std::shared_ptr<const DocumentFrequencies::Impl> count_documents(
    const ReferenceTokens& references) {
  const auto out = std::make_shared<DocumentFrequencies::Impl>();
  out->documents = std::ssize(references);
  std::vector<Ngram> all;
  for (const auto& of_picture : references) {
    std::vector<Ngram> ngrams;
    for (const std::vector<std::string>& reference : of_picture) {
      const std::vector<Ngram> more = ngrams_of(out->numbers(reference));
      ngrams.insert(ngrams.end(), more.begin(), more.end());
    }
    for (const NgramCount& one : count_ngrams(std::move(ngrams))) all.push_back(one.ngram);
  }
  out->counts = count_ngrams(std::move(all));
  return out;
}

struct WeightedNgram {
  Ngram ngram;
  double weight;
};

/// The n-grams of a caption, in order, with their weights: count times inverse document frequency.
struct CaptionVector {
  CaptionVector(std::span<const int32_t> tokens, const DocumentFrequencies::Impl& frequencies)
      : length(std::max<int64_t>(std::ssize(tokens) - 1, 0)) {
    const auto documents = static_cast<double>(frequencies.documents);
    for (const auto& [ngram, count] : count_ngrams(ngrams_of(tokens))) {
      const auto frequency = static_cast<double>(count_of(frequencies.counts, ngram));
      const double inverse = std::log(documents) - std::log(std::max(1.0, frequency));
      ngrams.push_back({ngram, static_cast<double>(count) * inverse});
      norms[order_of(ngram) - 1] += ngrams.back().weight * ngrams.back().weight;
    }
    for (double& norm : norms) norm = std::sqrt(norm);
  }

  std::vector<WeightedNgram> ngrams;
  std::array<double, kNgramOrders> norms{};
  int64_t length;  // the number of bigrams, as in the original program
};

/// The sum of the cosines for n = 1 to 4. `clipped`: with CIDEr-D's limit to weights.
double sum_of_cosines(const CaptionVector& hypothesis, const CaptionVector& reference,
                      bool clipped) {
  std::array<double, kNgramOrders> products{};
  auto other = reference.ngrams.begin();
  for (const auto& [ngram, weight] : hypothesis.ngrams) {
    while (other != reference.ngrams.end() && other->ngram < ngram) ++other;
    if (other == reference.ngrams.end()) break;
    if (other->ngram != ngram) continue;
    const double limited = clipped ? std::min(weight, other->weight) : weight;
    products[order_of(ngram) - 1] += limited * other->weight;
  }
  double sum = 0;
  for (size_t n = 0; n < kNgramOrders; ++n) {
    const double norms = hypothesis.norms[n] * reference.norms[n];
    if (norms != 0) sum += products[n] / norms;
  }
  return sum;
}

CorpusScore score_captions(const char* op, std::span<const std::string> hypotheses,
                           std::span<const std::vector<std::string>> references,
                           const CiderOptions& options, bool d) {
  if (!(options.sigma > 0))
    throw ValueError(fmt::format("{}: sigma is {}; expected more than 0", op, options.sigma));
  const CaptionTokens tokens = caption_tokens(op, hypotheses, references);
  const auto counted =
      options.frequencies.documents() == 0 ? count_documents(tokens.references) : nullptr;
  const DocumentFrequencies::Impl& frequencies = counted ? *counted : *options.frequencies.impl();
  TokenNumbers numbers = frequencies.numbers;
  CorpusScore out;
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    const CaptionVector hypothesis(numbers(tokens.hypotheses[i]), frequencies);
    double sum = 0;
    for (const std::vector<std::string>& one : tokens.references[i]) {
      const CaptionVector reference(numbers(one), frequencies);
      const auto difference = static_cast<double>(hypothesis.length - reference.length);
      const double penalty =
          d ? std::exp(-difference * difference / (2 * options.sigma * options.sigma)) : 1;
      sum += sum_of_cosines(hypothesis, reference, d) * penalty;
    }
    const auto count = static_cast<double>(kNgramOrders * tokens.references[i].size());
    out.each.push_back(10 * sum / count);
  }
  out.score =
      std::accumulate(out.each.begin(), out.each.end(), 0.0) / static_cast<double>(out.each.size());
  return out;
}

}  // namespace

DocumentFrequencies::DocumentFrequencies(std::span<const std::vector<std::string>> references) {
  if (references.empty())
    throw ValueError("DocumentFrequencies: there are no references; pass those of a corpus");
  ReferenceTokens tokens;
  for (size_t i = 0; i < references.size(); ++i) {
    tokens.emplace_back();
    for (const std::string& reference : references[i]) {
      check_utf8("DocumentFrequencies", reference, "a reference of picture", i);
      tokens.back().push_back(tokens_between_spaces(reference));
    }
  }
  impl_ = count_documents(tokens);
}

int64_t DocumentFrequencies::documents() const { return impl_ ? impl_->documents : 0; }

int64_t DocumentFrequencies::operator()(std::string_view ngram) const {
  check_utf8("DocumentFrequencies", ngram, "n-gram", 0);
  const std::vector<std::string> words = tokens_between_spaces(ngram);
  if (!impl_ || words.empty() || words.size() > kNgramOrders) return 0;
  Ngram key{};
  for (size_t n = 0; n < words.size(); ++n) {
    key[n] = impl_->numbers.find(words[n]);
    if (key[n] == 0) return 0;
  }
  return count_of(impl_->counts, key);
}

CorpusScore cider(std::span<const std::string> hypotheses,
                  std::span<const std::vector<std::string>> references,
                  const CiderOptions& options) {
  return score_captions("cider", hypotheses, references, options, false);
}

CorpusScore cider_d(std::span<const std::string> hypotheses,
                    std::span<const std::vector<std::string>> references,
                    const CiderOptions& options) {
  return score_captions("cider_d", hypotheses, references, options, true);
}

}  // namespace tapehead::data

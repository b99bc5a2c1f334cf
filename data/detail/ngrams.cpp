#include "tapehead/data/detail/ngrams.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace tapehead::data {

size_t order_of(const Ngram& ngram) {
  return static_cast<size_t>(std::find(ngram.begin(), ngram.end(), 0) - ngram.begin());
}

std::vector<Ngram> ngrams_of(std::span<const int32_t> tokens) {
  std::vector<Ngram> out;
  out.reserve(kNgramOrders * tokens.size());
  for (size_t begin = 0; begin < tokens.size(); ++begin) {
    Ngram ngram{};
    for (size_t n = 0; n < kNgramOrders && begin + n < tokens.size(); ++n) {
      ngram[n] = tokens[begin + n];
      out.push_back(ngram);
    }
  }
  return out;
}

NgramCounts count_ngrams(std::vector<Ngram> ngrams) {
  std::sort(ngrams.begin(), ngrams.end());
  NgramCounts counts;
  for (const Ngram& ngram : ngrams) {
    if (counts.empty() || counts.back().ngram != ngram) counts.push_back({ngram, 0});
    ++counts.back().count;
  }
  return counts;
}

int64_t count_of(const NgramCounts& counts, const Ngram& ngram) {
  const auto at = std::lower_bound(counts.begin(), counts.end(), ngram,
                                   [](const NgramCount& a, const Ngram& b) { return a.ngram < b; });
  return at != counts.end() && at->ngram == ngram ? at->count : 0;
}

NgramMatches& NgramMatches::operator+=(const NgramMatches& other) {
  for (size_t n = 0; n < kNgramOrders; ++n) {
    correct[n] += other.correct[n];
    total[n] += other.total[n];
  }
  return *this;
}

NgramMatches match_ngrams(std::span<const int32_t> tokens,
                          std::span<const std::vector<int32_t>> references) {
  std::vector<NgramCounts> of_references;
  for (const auto& reference : references)
    of_references.push_back(count_ngrams(ngrams_of(reference)));
  NgramMatches out;
  for (const auto& [ngram, count] : count_ngrams(ngrams_of(tokens))) {
    int64_t allowed = 0;
    for (const NgramCounts& counts : of_references)
      allowed = std::max(allowed, count_of(counts, ngram));
    const size_t n = order_of(ngram) - 1;
    out.total[n] += count;
    out.correct[n] += std::min(count, allowed);
  }
  return out;
}

int64_t closest_length(int64_t length, std::span<const std::vector<int32_t>> references) {
  const auto rank = [&](const std::vector<int32_t>& reference) {
    return std::pair(std::abs(std::ssize(reference) - length), std::ssize(reference));
  };
  return std::ssize(
      *std::min_element(references.begin(), references.end(),
                        [&](const auto& a, const auto& b) { return rank(a) < rank(b); }));
}

}  // namespace tapehead::data

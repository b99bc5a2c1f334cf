// Counts of n-grams of 1 to 4 tokens, for BLEU and CIDEr. Tokens are numbers from 1.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace tapehead::data {

inline constexpr size_t kNgramOrders = 4;

/// The tokens, padded with 0.
using Ngram = std::array<int32_t, kNgramOrders>;

struct NgramCount {
  Ngram ngram;
  int64_t count;
};
using NgramCounts = std::vector<NgramCount>;  // each n-gram once, in order

size_t order_of(const Ngram& ngram);

/// All n-grams of a text, in any order.
std::vector<Ngram> ngrams_of(std::span<const int32_t> tokens);
NgramCounts count_ngrams(std::vector<Ngram> ngrams);
/// 0 for an n-gram that is not counted.
int64_t count_of(const NgramCounts& counts, const Ngram& ngram);

/// The n-grams of a text that match those of its references, and all, by n - 1. Each n-gram
/// matches as often as it is in one of the references (Papineni et al. 2002).
struct NgramMatches {
  std::array<int64_t, kNgramOrders> correct{}, total{};
  NgramMatches& operator+=(const NgramMatches& other);
};
NgramMatches match_ngrams(std::span<const int32_t> tokens,
                          std::span<const std::vector<int32_t>> references);

/// The reference length that is closest to `length`; the shorter one in case of a tie.
int64_t closest_length(int64_t length, std::span<const std::vector<int32_t>> references);

}  // namespace tapehead::data

#include "tapehead/data/detail/bpe_trainer.h"

#include <algorithm>

#include "tapehead/data/detail/bpe_model.h"

namespace tapehead::data::bpe {

Trainer::Trainer(std::vector<Word> words, std::function<int32_t(int32_t, int32_t)> make)
    : words_(std::move(words)), make_(std::move(make)) {
  for (size_t i = 0; i < words_.size(); ++i) count(i, +1);
  for (const auto& [key, pair] : pairs_) heap_.push({pair.count, key});
}

bool Trainer::step(int64_t min_count) {
  while (!heap_.empty()) {
    const Candidate best = heap_.top();
    heap_.pop();
    const auto found = pairs_.find(best.key);
    const int64_t count = found == pairs_.end() ? 0 : found->second.count;
    if (count != best.count) {  // its count has decreased since it was pushed
      if (count > 0 && count < best.count) heap_.push({count, best.key});
      continue;
    }
    if (count < min_count) return false;
    merge(best.key, std::move(found->second.words));
    return true;
  }
  return false;
}

/// Adds or subtracts the pairs of a word.
void Trainer::count(size_t at, int64_t sign) {
  const Word& word = words_[at];
  for (size_t i = 0; i + 1 < word.symbols.size(); ++i) {
    const uint64_t key = pair_key(word.symbols[i], word.symbols[i + 1]);
    Pair& pair = pairs_[key];
    pair.count += sign * word.count;
    if (sign < 0) continue;
    const auto index = static_cast<int32_t>(at);
    if (pair.words.empty() || pair.words.back() != index) pair.words.push_back(index);
    grown_.push_back(key);
  }
}

void Trainer::merge(uint64_t key, std::vector<int32_t> where) {
  Merge merge{static_cast<int32_t>(key >> 32), static_cast<int32_t>(key & 0xffffffff), 0};
  merge.result = make_(merge.left, merge.right);
  std::sort(where.begin(), where.end());
  where.erase(std::unique(where.begin(), where.end()), where.end());
  grown_.clear();
  for (const int32_t index : where) {
    const auto at = static_cast<size_t>(index);
    count(at, -1);
    apply_merge(merge, words_[at].symbols);
    count(at, +1);
  }
  pairs_.erase(key);
  std::sort(grown_.begin(), grown_.end());
  grown_.erase(std::unique(grown_.begin(), grown_.end()), grown_.end());
  for (const uint64_t changed : grown_) {
    const auto found = pairs_.find(changed);
    if (found != pairs_.end()) heap_.push({found->second.count, changed});
  }
}

}  // namespace tapehead::data::bpe

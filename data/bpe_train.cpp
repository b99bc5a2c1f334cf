// Learning the merges. The pairs are counted once; each merge then recounts only the words that
// hold its pair, and a heap gives the commonest pair of the moment.
#include <fmt/format.h>

#include <algorithm>
#include <queue>
#include <set>

#include "tapehead/core/error.h"
#include "tapehead/data/detail/bpe_impl.h"

namespace tapehead::data::bpe {
namespace {

struct Word {
  std::vector<int32_t> symbols;
  int64_t count;
};

struct Pair {
  int64_t count = 0;
  std::vector<int32_t> words;  // where it occurs or once did, each word perhaps twice
};

struct Candidate {
  int64_t count;
  uint64_t key;
  /// The heap's top is the commonest pair and, among equals, the one with the lowest ids.
  bool operator<(const Candidate& other) const {
    return count != other.count ? count < other.count : key > other.key;
  }
};

class Trainer {
 public:
  Trainer(Model& model, std::vector<Word> words) : model_(model), words_(std::move(words)) {
    for (size_t i = 0; i < words_.size(); ++i) count(i, +1);
    for (const auto& [key, pair] : pairs_) heap_.push({pair.count, key});
  }

  /// Makes the best merge; false when no pair occurs `min_count` times.
  bool step(int64_t min_count) {
    while (!heap_.empty()) {
      const Candidate best = heap_.top();
      heap_.pop();
      const auto found = pairs_.find(best.key);
      const int64_t count = found == pairs_.end() ? 0 : found->second.count;
      if (count != best.count) {  // it has become rarer since it was put on the heap
        if (count > 0 && count < best.count) heap_.push({count, best.key});
        continue;
      }
      if (count < min_count) return false;
      merge(best.key, std::move(found->second.words));
      return true;
    }
    return false;
  }

 private:
  /// Adds (or takes away) the pairs of a word.
  void count(size_t at, int64_t sign) {
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

  void merge(uint64_t key, std::vector<int32_t> where) {
    Merge merge{static_cast<int32_t>(key >> 32), static_cast<int32_t>(key & 0xffffffff), 0};
    merge.result = model_.add_merge(merge.left, merge.right);
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

  Model& model_;
  std::vector<Word> words_;
  std::unordered_map<uint64_t, Pair> pairs_;
  std::priority_queue<Candidate> heap_;
  std::vector<uint64_t> grown_;  // pairs counted in the current merge
};

/// The distinct words of the lines in a fixed order, as characters of the model, which it fills.
std::vector<Word> count_words(std::span<const std::span<const std::string>> texts, Model& model) {
  std::unordered_map<std::u32string, int64_t> counts;
  for (const std::span<const std::string> lines : texts) {
    for (const std::string& line : lines) {
      for_each_word(line, model.options(),
                    [&](std::u32string_view word) { ++counts[std::u32string(word)]; });
    }
  }
  std::set<char32_t> alphabet;
  for (const auto& [text, count] : counts) alphabet.insert(text.begin(), text.end());
  for (const char32_t c : alphabet) model.add_character(c);

  std::vector<Word> words;
  words.reserve(counts.size());
  for (const auto& [text, count] : counts) {
    Word& word = words.emplace_back(Word{{}, count});
    for (const char32_t c : text) word.symbols.push_back(model.character(c));
  }
  return words;
}

std::shared_ptr<Bpe::Impl> learn(std::span<const std::span<const std::string>> texts,
                                 int64_t merges, const BpeOptions& options) {
  if (merges < 0 || merges > kMostMerges) {
    throw ValueError(fmt::format("Bpe::train: {} merges; ask for 0..{}", merges, kMostMerges));
  }
  if (options.min_count < 1) {
    throw ValueError(
        fmt::format("Bpe::train: min_count is {}; it must be at least 1", options.min_count));
  }
  Model model(options);
  Trainer trainer(model, count_words(texts, model));
  for (int64_t i = 0; i < merges && trainer.step(options.min_count); ++i) {
  }
  return std::make_shared<Bpe::Impl>(std::move(model));
}

}  // namespace
}  // namespace tapehead::data::bpe

namespace tapehead::data {

Bpe Bpe::train(std::span<const std::string> lines, int64_t merges, const Options& options) {
  const std::span<const std::string> texts[] = {lines};
  return Bpe(bpe::learn(texts, merges, options));
}

Bpe Bpe::train(const ParallelText::Split& pairs, int64_t merges, const Options& options) {
  const std::span<const std::string> texts[] = {pairs.source, pairs.target};
  return Bpe(bpe::learn(texts, merges, options));
}

}  // namespace tapehead::data

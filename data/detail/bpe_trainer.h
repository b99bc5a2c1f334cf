// Learns BPE merges, for all trainable tokenizers.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <unordered_map>
#include <vector>

namespace tapehead::data::bpe {

/// A distinct word of the text: its symbols and its count.
struct Word {
  std::vector<int32_t> symbols;
  int64_t count;
};

/// Repeatedly merges the most frequent pair of adjacent symbols. Pairs are counted once; each merge
/// then updates the counts of the words that contain its pair, and a heap yields the most frequent
/// pair. The result depends on the words and their counts, but not on their order.
class Trainer {
 public:
  /// `make` is called with the pair of each merge and returns the new symbol.
  Trainer(std::vector<Word> words, std::function<int32_t(int32_t left, int32_t right)> make);

  /// Merges the most frequent pair, among ties the one with the smallest symbols. Returns false if
  /// no pair occurs `min_count` times.
  bool step(int64_t min_count);

 private:
  struct Pair {
    int64_t count = 0;
    std::vector<int32_t> words;  // where the pair occurs or has occurred, possibly with duplicates
  };
  struct Candidate {
    int64_t count;
    uint64_t key;
    bool operator<(const Candidate& other) const {
      return count != other.count ? count < other.count : key > other.key;
    }
  };

  void count(size_t at, int64_t sign);
  void merge(uint64_t key, std::vector<int32_t> where);

  std::vector<Word> words_;
  std::function<int32_t(int32_t, int32_t)> make_;
  std::unordered_map<uint64_t, Pair> pairs_;
  std::priority_queue<Candidate> heap_;
  std::vector<uint64_t> grown_;  // pairs whose counts increased in the current merge
};

}  // namespace tapehead::data::bpe

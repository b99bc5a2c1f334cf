// Learning merges, for every tokenizer that byte pair encoding trains.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <unordered_map>
#include <vector>

namespace tapehead::data::bpe {

/// A distinct word of the text: its symbols, and how often it occurs.
struct Word {
  std::vector<int32_t> symbols;
  int64_t count;
};

/// Finds the commonest pair of neighbours and merges it, again and again. The pairs are counted
/// once; each merge then recounts only the words that hold its pair, and a heap gives the commonest
/// pair of the moment. What is learned depends on the words and their counts, not on their order.
class Trainer {
 public:
  /// `make` is told the pair of each merge and returns the symbol that it makes.
  Trainer(std::vector<Word> words, std::function<int32_t(int32_t left, int32_t right)> make);

  /// Makes the best merge, of equally common pairs the one with the lowest symbols; false when no
  /// pair occurs `min_count` times.
  bool step(int64_t min_count);

 private:
  struct Pair {
    int64_t count = 0;
    std::vector<int32_t> words;  // where it occurs or once did, each word perhaps twice
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
  std::vector<uint64_t> grown_;  // pairs counted in the current merge
};

}  // namespace tapehead::data::bpe

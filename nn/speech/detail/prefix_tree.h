// Prefixes of the searches of CTC and of transducers, and what a language model says of them.
#pragma once

#include <cstdint>
#include <vector>

#include "tapehead/nn/speech/search.h"

namespace tapehead::nn::detail {

/// The prefixes of one sequence, as the nodes of a tree; node 0 is the empty prefix.
class PrefixTree {
 public:
  explicit PrefixTree(double token_bonus) : token_bonus_(token_bonus) { nodes_.push_back({}); }

  /// The prefix extended by a token.
  int64_t child(int64_t parent, int64_t token);
  int64_t parent(int64_t at) const { return node(at).parent; }
  /// The last token; -1 for the empty prefix.
  int64_t token(int64_t at) const { return node(at).token; }
  std::vector<int64_t> tokens(int64_t at) const;

  /// What is added to the acoustic score of a prefix: language model and token_bonus.
  double bonus(int64_t at) const { return node(at).bonus; }
  /// That of the prefix extended by a token.
  double bonus(int64_t at, int64_t token) const {
    const Node& from = node(at);
    const double read = from.next.empty() ? 0 : from.next[static_cast<size_t>(token)];
    return from.bonus + read + token_bonus_;
  }
  /// What is added if the prefix is the whole sequence.
  double end(int64_t at) const { return node(at).end; }

  /// Whether the language model has read the prefix.
  bool is_read(int64_t at) const { return !node(at).next.empty(); }
  /// Keeps what the language model says: weighted log-probabilities of each symbol, and of the end.
  void read(int64_t at, std::vector<double> next, double end);
  /// Forgets what was read of other prefixes.
  void keep(const std::vector<int64_t>& prefixes);

 private:
  struct Node {
    int64_t parent = 0, token = -1;
    double bonus = 0;
    std::vector<double> next = {};  // empty: not read
    double end = 0;
    std::vector<int64_t> children = {};
  };
  const Node& node(int64_t at) const { return nodes_[static_cast<size_t>(at)]; }

  double token_bonus_;
  std::vector<Node> nodes_;
  std::vector<int64_t> read_;  // the prefixes of which `next` is kept
};

/// Throws ValueError, which starts with `op`, for options out of range, and ShapeError for ids of
/// another number of symbols.
void check_fusion(const char* op, const SymbolLanguageModel& lm, double token_bonus,
                  int64_t symbols);

/// A prefix of one of several sequences.
struct Prefix {
  PrefixTree* tree;
  int64_t node;
};

/// Calls the language model for those of the prefixes that it has not read. Throws ShapeError,
/// IndexError and ValueError, which start with `op`, for a model that does not fit.
void read_prefixes(const char* op, const SymbolLanguageModel& lm, int64_t symbols, int64_t blank,
                   const std::vector<Prefix>& prefixes);

}  // namespace tapehead::nn::detail

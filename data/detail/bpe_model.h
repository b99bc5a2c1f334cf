// The units and merges of a BPE tokenizer, for training, encoding and files.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tapehead/data/bpe.h"

namespace tapehead::data::bpe {

/// A pair of ids as one key, ordered like (left, right).
inline uint64_t pair_key(int32_t left, int32_t right) {
  return static_cast<uint64_t>(left) << 32 | static_cast<uint32_t>(right);
}

struct Merge {
  int32_t left, right, result;
};

/// The units of a tokenizer. Ids are assigned in the order of addition: special tokens, characters,
/// merges.
class Model {
 public:
  explicit Model(const BpeOptions& options);

  /// Adds a character; false if it exists already.
  bool add_character(char32_t c);
  /// Adds the merge with the next rank and returns the id of its result, which is new unless
  /// another merge has the same result.
  int32_t add_merge(int32_t left, int32_t right);

  /// The id of a character; kUnk if there is none.
  int32_t character(char32_t c) const;
  /// The id of a unit by its text; -1 if there is none.
  int32_t find(std::string_view text) const;
  /// The rank of the merge of two ids; -1 if there is none.
  int64_t rank(int32_t left, int32_t right) const;

  const std::vector<std::string>& tokens() const { return tokens_; }
  const std::vector<Merge>& merges() const { return merges_; }
  int64_t character_count() const { return static_cast<int64_t>(characters_.size()); }
  const BpeOptions& options() const { return options_; }

 private:
  int32_t add_token(std::string text);

  BpeOptions options_;
  std::vector<std::string> tokens_;
  std::unordered_map<std::string, int32_t> ids_;  // without special tokens
  std::unordered_map<char32_t, int32_t> characters_;
  std::vector<Merge> merges_;
  std::unordered_map<uint64_t, int64_t> ranks_;
};

/// Calls `each` with the words of a line in order. Their concatenation is the line, with lower case
/// and a leading space as set in the options.
void for_each_word(std::string_view line, const BpeOptions& options,
                   const std::function<void(std::u32string_view)>& each);

/// Replaces each pair `left right`, from left to right, by the merge's result.
void apply_merge(const Merge& merge, std::vector<int32_t>& symbols);

}  // namespace tapehead::data::bpe

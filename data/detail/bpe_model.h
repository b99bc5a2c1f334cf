// Inside the BPE tokenizer: its units and merges, shared by training, encoding and files.
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

/// Two neighbouring ids as one key; its order is that of (left, right).
inline uint64_t pair_key(int32_t left, int32_t right) {
  return static_cast<uint64_t>(left) << 32 | static_cast<uint32_t>(right);
}

struct Merge {
  int32_t left, right, result;
};

/// What a tokenizer knows. Ids are given in the order of adding: specials, characters, merges.
class Model {
 public:
  explicit Model(const BpeOptions& options);

  /// Adds a character; false when it is there already.
  bool add_character(char32_t c);
  /// Adds the merge that comes next in rank and returns the id it makes: a new one, or that of a
  /// unit that other merges spell too.
  int32_t add_merge(int32_t left, int32_t right);

  /// The id of a character, kUnk when there is none.
  int32_t character(char32_t c) const;
  /// The id of a unit by its text, -1 when there is none.
  int32_t find(std::string_view text) const;
  /// The rank of the merge of two ids, -1 when there is none.
  int64_t rank(int32_t left, int32_t right) const;

  const std::vector<std::string>& tokens() const { return tokens_; }
  const std::vector<Merge>& merges() const { return merges_; }
  int64_t character_count() const { return static_cast<int64_t>(characters_.size()); }
  const BpeOptions& options() const { return options_; }

 private:
  int32_t add_token(std::string text);

  BpeOptions options_;
  std::vector<std::string> tokens_;
  std::unordered_map<std::string, int32_t> ids_;  // without the specials
  std::unordered_map<char32_t, int32_t> characters_;
  std::vector<Merge> merges_;
  std::unordered_map<uint64_t, int64_t> ranks_;
};

/// Calls `each` with the words of a line in order; together they are the line, in lower case and
/// with its leading space as the options say.
void for_each_word(std::string_view line, const BpeOptions& options,
                   const std::function<void(std::u32string_view)>& each);

/// Replaces each `left right`, from left to right, by the merge's result.
void apply_merge(const Merge& merge, std::vector<int32_t>& symbols);

}  // namespace tapehead::data::bpe

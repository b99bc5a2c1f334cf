// Models that convert a piece of text to tokens.
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "tapehead/data/detail/token_table.h"

namespace tapehead::data::tokenizing {

class TokenModel {
 public:
  virtual ~TokenModel() = default;

  /// Appends the ids of a piece, which is UTF-8 and not empty.
  virtual void encode(std::string_view piece, std::vector<int64_t>& ids) const = 0;
  /// The value of "model" in a tokenizer.json.
  virtual std::string to_json() const = 0;
  /// The vocabulary files of the model: names and contents.
  virtual std::vector<std::pair<std::string, std::string>> to_files() const = 0;

  const TokenTable& tokens() const { return tokens_; }

 protected:
  explicit TokenModel(TokenTable table) : tokens_(std::move(table)) {}

 private:
  TokenTable tokens_;
};

struct MergeOptions {
  std::optional<std::string> unk_token;
  std::string continuing_subword_prefix, end_of_word_suffix;
  bool fuse_unk = false;       ///< consecutive unknown characters become one token
  bool byte_fallback = false;  ///< an unknown character becomes the tokens <0x..> of its bytes
  bool ignore_merges = false;  ///< a piece that is a token is encoded as that token, without merges
};

/// Byte pair encoding (Sennrich et al. 2016) on the characters of a piece, which represent bytes
/// after a byte-level pre-tokenizer. Merges are applied in order of rank, then from left to right,
/// in O(n log n) time.
class MergeModel : public TokenModel {
 public:
  MergeModel(TokenTable table, MergeOptions options);

  /// Adds the merge with the next rank; all must be added before encoding. Returns what is wrong
  /// with it; "" if it is valid.
  std::string add_merge(std::string_view left, std::string_view right);

  void encode(std::string_view piece, std::vector<int64_t>& ids) const override;
  std::string to_json() const override;
  std::vector<std::pair<std::string, std::string>> to_files() const override;

 private:
  struct Made {
    int32_t rank, id;
  };

  const Made* find(int32_t left, int32_t right) const;
  std::vector<int32_t> initial(std::string_view piece) const;
  std::vector<int32_t> merged(std::string_view piece) const;

  MergeOptions options_;
  int32_t unk_ = -1;
  std::vector<std::pair<int32_t, int32_t>> merges_;
  std::unordered_map<uint64_t, Made> made_;
  mutable std::mutex mutex_;  // guards cache_
  mutable std::unordered_map<std::string, std::vector<int32_t>, TextHash, std::equal_to<>> cache_;
};

struct WordPieceOptions {
  std::string unk_token = "[UNK]";
  std::string prefix = "##";   ///< prefix of tokens that continue a word
  int64_t longest_word = 100;  ///< in characters; longer words are unknown
};

/// WordPiece (Schuster and Nakajima 2012) as in BERT: greedy longest-match tokens from left to
/// right; a word that cannot be tokenized is unknown.
class WordPieceModel : public TokenModel {
 public:
  /// `table` holds the unknown token.
  WordPieceModel(TokenTable table, WordPieceOptions options);

  void encode(std::string_view piece, std::vector<int64_t>& ids) const override;
  std::string to_json() const override;
  std::vector<std::pair<std::string, std::string>> to_files() const override;

 private:
  WordPieceOptions options_;
  int32_t unk_;
  size_t longest_ = 0;  // bytes of the longest token
};

/// WordLevel: each piece is one token, or the unknown token.
class WordLevelModel : public TokenModel {
 public:
  /// `table` holds the unknown token.
  WordLevelModel(TokenTable table, std::string unk_token);

  void encode(std::string_view piece, std::vector<int64_t>& ids) const override;
  std::string to_json() const override;
  std::vector<std::pair<std::string, std::string>> to_files() const override;

 private:
  std::string unk_token_;
  int32_t unk_;
};

/// Constructs the model described by a tokenizer.json. Throws FormatError.
std::unique_ptr<TokenModel> make_model(const JsonView& from);

}  // namespace tapehead::data::tokenizing

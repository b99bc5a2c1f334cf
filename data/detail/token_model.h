// The kinds of models that turn a piece of text into tokens.
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
  /// The files that hold the model alone: names and contents.
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
  bool fuse_unk = false;       ///< unknown characters in a row are one token
  bool byte_fallback = false;  ///< an unknown character becomes the tokens <0x..> of its bytes
  bool ignore_merges = false;  ///< a piece that is a token is that token, whatever the merges say
};

/// Byte pair encoding by a list of merges, on the characters of a piece, which stand for bytes
/// where the pre-tokenizer made them so: merges apply by rank, and of equal rank from left to right
/// (Sennrich et al. 2016), in n log n steps.
class MergeModel : public TokenModel {
 public:
  MergeModel(TokenTable table, MergeOptions options);

  /// Adds the merge next in rank; nothing is encoded before all are there. Returns what is wrong
  /// with it, "" when it is fine.
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
  std::string prefix = "##";   ///< of pieces that continue a word
  int64_t longest_word = 100;  ///< in characters; a longer one is unknown
};

/// WordPiece (Schuster and Nakajima 2012) as BERT applies it: of each word the longest token that
/// begins it, then the longest that continues it, and so on; a word that cannot be spelt is
/// unknown.
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

/// Whole pieces are tokens; any other is the unknown token.
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

/// The model that a tokenizer.json describes. Throws FormatError.
std::unique_ptr<TokenModel> make_model(const JsonView& from);

}  // namespace tapehead::data::tokenizing

// Added tokens, such as <|endoftext|> or [MASK], which are matched before pre-tokenization.
#pragma once

#include <span>

#include "tapehead/data/detail/normalizer.h"
#include "tapehead/data/detail/pre_tokenizer.h"
#include "tapehead/data/detail/token_table.h"

namespace tapehead::data::tokenizing {

struct AddedToken {
  std::string content;
  int32_t id = 0;
  bool special = false;      ///< may be skipped when decoding
  bool single_word = false;  ///< does not match within a word
  bool lstrip = false;       ///< includes the white space to its left
  bool rstrip = false;
  bool normalized = false;  ///< matched in the normalized text, by its normalized content
};

class AddedTokens {
 public:
  AddedTokens() = default;
  /// From the array of a tokenizer.json; throws FormatError if ids differ from the model's.
  AddedTokens(const JsonView& from, const TokenTable& model, const Normalizer& normalizer);

  /// A part of a text: an added token, or text between added tokens with id -1.
  struct Part {
    std::string text;
    int32_t id = -1;
    bool first = false;  ///< whether it is at the start of the text
  };
  /// Splits the text at the added tokens and normalizes the text between them. No part is empty.
  std::vector<Part> cut(std::string_view text, const Normalizer& normalizer) const;

  /// nullptr if there is none.
  const AddedToken* find(int64_t id) const;
  const AddedToken* find(std::string_view content) const;
  const std::vector<AddedToken>& all() const { return tokens_; }

 private:
  /// Finds the leftmost longest token in a text.
  class Finder {
   public:
    void add(std::string_view pattern, size_t token);
    struct Match {
      size_t begin, end, token;
    };
    /// The first match at or after `from`; false if there is none.
    bool next(std::string_view text, size_t from, Match* match) const;

   private:
    struct Node {
      std::vector<std::pair<unsigned char, int32_t>> children;
      int32_t token = -1;
    };
    int32_t child(int32_t node, unsigned char byte) const;
    std::vector<Node> nodes_ = std::vector<Node>(1);
    bool begins_[256] = {};
  };

  void add(const JsonView& from, const TokenTable& model);
  std::vector<Part> cut_at(std::string_view text, const Finder& finder) const;

  std::vector<AddedToken> tokens_;
  std::unordered_map<int32_t, size_t> by_id_;
  std::unordered_map<std::string, size_t, TextHash, std::equal_to<>> by_content_;
  Finder raw_, normalized_;
};

}  // namespace tapehead::data::tokenizing

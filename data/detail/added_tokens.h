// Added tokens: texts like <|endoftext|> or [MASK] that are found before the text is cut.
#pragma once

#include <span>

#include "tapehead/data/detail/normalizer.h"
#include "tapehead/data/detail/pre_tokenizer.h"
#include "tapehead/data/detail/token_table.h"

namespace tapehead::data::tokenizing {

struct AddedToken {
  std::string content;
  int32_t id = 0;
  bool special = false;      ///< may be left out when decoding
  bool single_word = false;  ///< not within a word
  bool lstrip = false;       ///< takes the white space on its left along
  bool rstrip = false;
  bool normalized = false;  ///< looked for in the normalized text, as its normalized content
};

class AddedTokens {
 public:
  AddedTokens() = default;
  /// From the array of a tokenizer.json; throws FormatError where ids disagree with the model's.
  AddedTokens(const JsonView& from, const TokenTable& model, const Normalizer& normalizer);

  /// One stretch of a text: an added token, or text between them with id -1.
  struct Part {
    std::string text;
    int32_t id = -1;
    bool first = false;  ///< begins where the text begins
  };
  /// Cuts the text at the added tokens and normalizes what lies between. No part is empty.
  std::vector<Part> cut(std::string_view text, const Normalizer& normalizer) const;

  /// nullptr when there is none.
  const AddedToken* find(int64_t id) const;
  const AddedToken* find(std::string_view content) const;
  const std::vector<AddedToken>& all() const { return tokens_; }

 private:
  /// Finds the leftmost token in a text and of those that begin there the longest.
  class Finder {
   public:
    void add(std::string_view pattern, size_t token);
    struct Match {
      size_t begin, end, token;
    };
    /// The first match at or after `from`; false when there is none.
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

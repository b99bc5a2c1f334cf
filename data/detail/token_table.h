// The tokens of a model and their ids.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tapehead/data/detail/json.h"

namespace tapehead::data::tokenizing {

struct TextHash {
  using is_transparent = void;  // NOLINT(readability-identifier-naming): the standard's name
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
using IdOfText = std::unordered_map<std::string, int32_t, TextHash, std::equal_to<>>;

inline constexpr int64_t kMostTokens = 10'000'000;

class TokenTable {
 public:
  TokenTable() = default;
  TokenTable(TokenTable&&) = default;
  TokenTable& operator=(TokenTable&&) = default;
  /// Reads a JSON object of tokens and ids. Throws FormatError for an id that is out of range or
  /// duplicate.
  explicit TokenTable(const JsonView& vocab);

  /// Adds a token with the next id; returns -1 if it exists already.
  int32_t add(std::string token);

  /// The id of a token; -1 if there is none.
  int32_t find(std::string_view token) const;
  /// The token of an id; nullptr if there is none, since ids may have gaps.
  const std::string* token(int64_t id) const;
  /// The number of tokens.
  int64_t count() const { return static_cast<int64_t>(ids_.size()); }
  /// One more than the largest id.
  int64_t size() const { return static_cast<int64_t>(tokens_.size()); }
  /// The JSON object, in the order of ids.
  std::string to_json() const;

 private:
  IdOfText ids_;
  std::vector<const std::string*> tokens_;  // keys of ids_, whose addresses are stable
};

/// The text as a JSON string, in quotes.
std::string json_string(std::string_view text);

}  // namespace tapehead::data::tokenizing

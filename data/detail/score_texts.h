// What the scores of generated texts share: checks, tokens and their numbers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tapehead::data {

/// Throws FormatError if the text, the index-th `what` of a corpus, is not UTF-8.
void check_utf8(const char* op, std::string_view text, const char* what, size_t index);

/// The tokens between white space (is_space). The text must be UTF-8.
std::vector<std::string> tokens_between_spaces(std::string_view text);

/// Numbers distinct tokens from 1, in the order in which they are first seen.
class TokenNumbers {
 public:
  std::vector<int32_t> operator()(std::vector<std::string> tokens);
  /// 0 for a token that was not seen.
  int32_t find(const std::string& token) const;
  size_t size() const { return numbers_.size(); }

 private:
  std::unordered_map<std::string, int32_t> numbers_;
};

}  // namespace tapehead::data

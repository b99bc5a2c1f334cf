// The text format of vocabularies and merges, which can be viewed in an editor: every token is
// written as one word without white space. A space is written as ▁ (U+2581); a backslash, white
// space, control and other unprintable characters, and ▁ itself, as \u{HEX}.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tapehead::data {

/// The token as one word without white space. Throws FormatError if it is not UTF-8.
std::string escape_token(std::string_view token);

/// A strict sequential reader of such a file. Throws FormatError `NAME:LINE: the fact` for anything
/// other than the requested line.
class TokenFile {
 public:
  /// `title` is the file's first line. Views the text.
  TokenFile(std::string_view text, const std::string& name, std::string_view title);

  /// The value of the next line, which must read `KEY VALUE` with a value within 0..`most`.
  int64_t number(std::string_view key, int64_t most);
  /// The tokens of the next line, which must have exactly `count` of them.
  std::vector<std::string> tokens(int64_t count);
  /// Throws if lines are left.
  void end();

  /// Throws FormatError about the line read last.
  [[noreturn]] void fail(const std::string& fact) const;

 private:
  std::string_view line(const std::string& expected);
  std::string unescape(std::string_view word) const;

  std::string_view rest_;
  std::string name_;
  int64_t number_ = 0;  // of the line read last
};

}  // namespace tapehead::data

// Word tokens: words() and join_words() of text.h.
#include <utf8proc.h>

#include "tapehead/data/text.h"

namespace tapehead::data {
namespace {

bool one_of(char32_t c, std::u32string_view set) { return set.find(c) != set.npos; }

utf8proc_category_t category(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

bool is_numeral(char32_t c) {
  const auto kind = category(c);
  return kind >= UTF8PROC_CATEGORY_ND && kind <= UTF8PROC_CATEGORY_NO;
}

/// Letters, marks and numbers.
bool in_word(char32_t c) {
  const auto kind = category(c);
  return kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_NO;
}

/// Whether the character between two others is part of a word.
bool joins(char32_t before, char32_t c, char32_t after) {
  if (one_of(c, U"'\u2019-\u2010\u2011")) return in_word(before) && in_word(after);
  return one_of(c, U".,:") && is_numeral(before) && is_numeral(after);
}

/// The hyphen of a compound's first half, "limonade- und bierdosen".
bool is_suspended(const std::u32string& text, size_t at) {
  return text[at] == U'-' && in_word(text[at - 1]) && at + 1 < text.size() &&
         is_space(text[at + 1]);
}

size_t token_end(const std::u32string& text, size_t begin) {
  size_t end = begin + 1;
  if (!in_word(text[begin])) {
    while (end < text.size() && text[end] == text[begin]) ++end;
    return end;
  }
  while (end < text.size()) {
    if (is_suspended(text, end)) return end + 1;
    const bool joined = end + 1 < text.size() && joins(text[end - 1], text[end], text[end + 1]);
    if (!joined && !in_word(text[end])) break;
    end += joined ? 2 : 1;
  }
  return end;
}

/// The spacing around a token.
struct Spacing {
  bool before, after;
};

/// Appends tokens with spacing, keeping track of open quotes.
class Joiner {
 public:
  Spacing place(const std::u32string& token) {
    if (token.empty() || in_word(token.front())) return {true, true};
    const char32_t c = token.front();
    if (c == U'"') return toggle(straight_open_);
    if (c == U'\u201C' && low_open_) return toggle(low_open_);  // „German“
    if (c == U'\u201E') return toggle(low_open_);
    if (one_of(c, U"/_")) return {false, false};
    if (one_of(c, U"$#@\u20AC\u00A3\u00BF\u00A1")) return {true, false};
    if (one_of(c, U".,;:!?%'\u2026\u2019")) return {false, true};
    switch (category(c)) {
      case UTF8PROC_CATEGORY_PS:
      case UTF8PROC_CATEGORY_PI: return {true, false};
      case UTF8PROC_CATEGORY_PE:
      case UTF8PROC_CATEGORY_PF: return {false, true};
      default: return {true, true};
    }
  }

 private:
  static Spacing toggle(bool& open) {
    open = !open;
    return {open, !open};
  }

  bool straight_open_ = false, low_open_ = false;
};

}  // namespace

std::vector<std::string> words(std::string_view line) {
  const std::u32string text = code_points(line);
  std::vector<std::string> tokens;
  size_t at = 0;
  while (at < text.size()) {
    if (is_space(text[at])) {
      ++at;
      continue;
    }
    const size_t end = token_end(text, at);
    tokens.push_back(to_utf8(std::u32string_view(text).substr(at, end - at)));
    at = end;
  }
  return tokens;
}

std::string join_words(std::span<const std::string> words) {
  std::string line;
  Joiner joiner;
  bool wants_space = false;  // there is no space before the first token
  for (const std::string& word : words) {
    const Spacing spacing = joiner.place(code_points(word));
    if (wants_space && spacing.before) line += ' ';
    line += word;
    wants_space = spacing.after;
  }
  return line;
}

}  // namespace tapehead::data

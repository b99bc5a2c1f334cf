#include "tapehead/data/detail/split_pattern.h"

#include "tapehead/data/detail/unicode_classes.h"

namespace tapehead::data::tokenizing {

using namespace unicode;

const std::string_view kGpt2Regex =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
const std::string_view kGpt4Regex =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

namespace {

struct Known {
  std::string_view model, regex;
  SplitPattern pattern;
};

const Known kKnown[] = {
    {"GPT-2", kGpt2Regex, {SplitPattern::kGpt2}},
    {"GPT-4 and Llama 3", kGpt4Regex, {SplitPattern::kGpt4, 3}},
    {"GPT-4 with possessive quantifiers",
     R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)",
     {SplitPattern::kGpt4, 3}},
    {"Qwen 2",
     R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     {SplitPattern::kGpt4, 1}},
    {"Qwen 3.5",
     R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     {SplitPattern::kGpt4, 1, true}},
    {"GPT-4o",
     R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     {SplitPattern::kGpt4o, 3, true}},
};

bool is_line_end(char32_t c) { return c == U'\r' || c == U'\n'; }

/// The length of 's, 't, 're, 've, 'm, 'll or 'd at `at`; 0 if there is none.
size_t contraction(std::u32string_view text, size_t at, bool any_case) {
  if (at + 1 >= text.size() || text[at] != U'\'') return 0;
  const auto letter = [&](size_t i) -> char32_t {
    if (at + i >= text.size()) return 0;
    const char32_t c = text[at + i];
    if (any_case && c == U'\u017F') return U's';  // the long s folds to s
    return any_case && c >= U'A' && c <= U'Z' ? c | 0x20 : c;
  };
  const char32_t first = letter(1), second = letter(2);
  switch (first) {
    case U's':
    case U't':
    case U'm':
    case U'd': return 2;
    case U'r':
    case U'v': return second == U'e' ? 3 : 0;
    case U'l': return second == U'l' ? 3 : 0;
    default: return 0;
  }
}

template <class Predicate>
size_t run_end(std::u32string_view text, size_t at, Predicate member) {
  while (at < text.size() && member(text[at])) ++at;
  return at;
}

/// White space from `begin`: \s+(?!\S)|\s+. All of it at the end of the text; elsewhere, unless
/// there is only one, all but the last character, which belongs to the following word.
size_t white_space_end(std::u32string_view text, size_t begin) {
  const size_t end = run_end(text, begin, is_white_space);
  return end == text.size() || end - begin == 1 ? end : end - 1;
}

bool is_other(char32_t c) { return !is_white_space(c) && !is_letter(c) && !is_number(c); }

size_t gpt2_end(std::u32string_view text, size_t begin) {
  if (const size_t length = contraction(text, begin, false)) return begin + length;
  const size_t word = begin + (text[begin] == U' ' && begin + 1 < text.size() ? 1 : 0);
  if (is_letter(text[word])) return run_end(text, word, is_letter);
  if (is_number(text[word])) return run_end(text, word, is_number);
  if (is_other(text[word])) return run_end(text, word, is_other);
  return white_space_end(text, begin);
}

/// Classes of the letters in GPT-4o's words; a letter without case, or a mark, is in both.
bool is_lower_part(char32_t c) {
  if (is_mark(c)) return true;
  return is_letter(c) && !is_capital(c);
}
bool is_upper_part(char32_t c) { return is_mark(c) || (is_letter(c) && !is_small(c)); }

/// The end of one of GPT-4o's words: [upper]*[lower]+ or else [upper]+[lower]*, followed by an
/// optional contraction; `begin` if there is none. Only the second form matches words of capitals
/// only.
size_t cased_word_end(std::u32string_view text, size_t begin, bool second_form) {
  const size_t upper = run_end(text, begin, is_upper_part);
  size_t end = run_end(text, upper, is_lower_part);
  if (end == upper && !second_form) {  // backtracks over capitals to a caseless letter
    while (end > begin && !is_lower_part(text[end - 1])) --end;
  }
  return end == begin ? begin : end + contraction(text, end, true);
}

}  // namespace

size_t SplitPattern::end_of_piece(std::u32string_view text, size_t begin) const {
  if (family == kGpt2) return gpt2_end(text, begin);
  const char32_t c = text[begin];
  if (family == kGpt4) {
    if (const size_t length = contraction(text, begin, true)) return begin + length;
  }
  const auto in_word = [this](char32_t x) { return is_letter(x) || (marks && is_mark(x)); };
  // A word includes one preceding character, unless it is a digit or a line end.
  const bool leads = !is_line_end(c) && !is_letter(c) && !is_number(c) && begin + 1 < text.size();
  for (const bool second_form : {false, true}) {
    for (const size_t word : {begin + (leads ? 1 : 0), begin}) {
      const size_t end =
          family == kGpt4o ? cased_word_end(text, word, second_form) : run_end(text, word, in_word);
      if (end > word) return end;
    }
  }
  if (is_number(c)) {
    size_t end = begin + 1;
    while (end < text.size() && end - begin < digits && is_number(text[end])) ++end;
    return end;
  }
  const bool marks_apart = marks && family == kGpt4;
  const auto other = [&](char32_t x) { return is_other(x) && !(marks_apart && is_mark(x)); };
  const size_t symbol = begin + (c == U' ' && begin + 1 < text.size() ? 1 : 0);
  if (other(text[symbol])) {
    return run_end(text, run_end(text, symbol, other), [this](char32_t x) {
      return is_line_end(x) || (family == kGpt4o && x == U'/');
    });
  }
  // \s*[\r\n]+ extends to the last line end of the white space.
  const size_t end = run_end(text, begin, is_white_space);
  for (size_t last = end; last > begin; --last) {
    if (is_line_end(text[last - 1])) return last;
  }
  return white_space_end(text, begin);
}

std::optional<SplitPattern> find_split_pattern(std::string_view regex) {
  for (const Known& known : kKnown) {
    if (known.regex == regex) return known.pattern;
  }
  return std::nullopt;
}

std::string known_split_patterns() {
  std::string names;
  for (const Known& known : kKnown) {
    names += (names.empty() ? "" : ", ") + std::string(known.model);
  }
  return names;
}

}  // namespace tapehead::data::tokenizing

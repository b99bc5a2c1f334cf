// The tokenizer of mteval-v13a.pl in sacreBLEU's form: four rules, each run over the whole line,
// written as loops. All that they look at is ASCII, so they work on the bytes of UTF-8.
#include "tapehead/data/bleu.h"
#include "tapehead/data/text.h"

namespace tapehead::data {
namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_point(char c) { return c == '.' || c == ','; }

/// The space, and ASCII punctuation and symbols except ' , - and the point.
bool is_symbol(char c) {
  return (c >= ' ' && c <= '&') || (c >= '(' && c <= '+') || c == '/' || (c >= ':' && c <= '@') ||
         (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

std::string space_out_symbols(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (is_symbol(c)) {
      out += {' ', c, ' '};
    } else {
      out += c;
    }
  }
  return out;
}

/// Calls `rewrite` for two neighbours that `match` and copies the rest; the two are passed over.
template <class Match, class Rewrite>
std::string rewrite_pairs(const std::string& text, Match match, Rewrite rewrite) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i + 1 < text.size() && match(text[i], text[i + 1])) {
      rewrite(out, text[i], text[i + 1]);
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<std::string> split_at_spaces(std::string_view text) {
  std::vector<std::string> tokens;
  bool within = false;
  for (const char32_t c : code_points(text)) {
    const bool space = is_space(c);
    if (!space && !within) tokens.emplace_back();
    if (!space) tokens.back() += to_utf8(std::u32string_view(&c, 1));
    within = !space;
  }
  return tokens;
}

}  // namespace

std::vector<std::string> tokenize_13a(std::string_view line) {
  std::string text(line);
  replace_all(text, "<skipped>", "");
  replace_all(text, "-\n", "");
  replace_all(text, "\n", " ");
  replace_all(text, "&quot;", "\"");
  replace_all(text, "&amp;", "&");
  replace_all(text, "&lt;", "<");
  replace_all(text, "&gt;", ">");

  text = space_out_symbols(' ' + text + ' ');
  text = rewrite_pairs(
      text, [](char a, char b) { return !is_digit(a) && is_point(b); },
      [](std::string& out, char a, char b) {
        out += {a, ' ', b, ' '};
      });
  text = rewrite_pairs(
      text, [](char a, char b) { return is_point(a) && !is_digit(b); },
      [](std::string& out, char a, char b) {
        out += {' ', a, ' ', b};
      });
  text = rewrite_pairs(
      text, [](char a, char b) { return is_digit(a) && b == '-'; },
      [](std::string& out, char a, char b) {
        out += {a, ' ', b, ' '};
      });
  return split_at_spaces(text);
}

}  // namespace tapehead::data

// Porter's stemmer. Words are a-z and 0-9; a digit is a consonant.
//
// V a run of vowels, C a run of consonants; the measure m of a stem is the number of VC in it.
#include <array>
#include <span>
#include <utility>

#include "tapehead/data/rouge.h"

namespace tapehead::data {
namespace {

bool is_vowel_letter(char c) { return std::string_view("aeiou").find(c) != std::string_view::npos; }

/// Whether each character is a consonant; y is one unless it follows a consonant.
std::vector<bool> consonants(std::string_view stem) {
  std::vector<bool> flags;
  for (size_t i = 0; i < stem.size(); ++i)
    flags.push_back(stem[i] == 'y' ? i == 0 || !flags[i - 1] : !is_vowel_letter(stem[i]));
  return flags;
}

int measure(std::string_view stem) {
  const std::vector<bool> flags = consonants(stem);
  int m = 0;
  for (size_t i = 1; i < flags.size(); ++i) m += !flags[i - 1] && flags[i];
  return m;
}

bool has_vowel(std::string_view stem) {
  for (const bool consonant : consonants(stem))
    if (!consonant) return true;
  return false;
}

bool ends_in_consonant(std::string_view stem) { return !stem.empty() && consonants(stem).back(); }

bool ends_in_double_consonant(std::string_view stem) {
  return stem.size() >= 2 && stem.back() == stem[stem.size() - 2] && ends_in_consonant(stem);
}

/// Porter's condition *o: the stem ends in consonant, vowel, consonant, where the last is not w, x
/// or y. NLTK also accepts stems that consist of a vowel and a consonant.
bool ends_short(std::string_view stem) {
  const std::vector<bool> flags = consonants(stem);
  const size_t n = stem.size();
  if (n == 2) return !flags[0] && flags[1];
  return n > 2 && flags[n - 3] && !flags[n - 2] && flags[n - 1] &&
         std::string_view("wxy").find(stem.back()) == std::string_view::npos;
}

struct Rule {
  std::string_view suffix, replacement;
};

/// Finds the first rule whose suffix the word has, and applies it if the stem's measure is larger
/// than `above`.
bool apply_first(std::string& word, std::span<const Rule> rules, int above) {
  for (const Rule& rule : rules) {
    if (!word.ends_with(rule.suffix)) continue;
    const std::string_view stem(word.data(), word.size() - rule.suffix.size());
    if (measure(stem) <= above) return false;
    word = std::string(stem).append(rule.replacement);
    return true;
  }
  return false;
}

void cut(std::string& word, size_t count) { word.erase(word.size() - count); }

// Plurals.
void step1a(std::string& word) {
  if (word.ends_with("ies")) cut(word, word.size() == 4 ? 1 : 2);
  else if (word.ends_with("sses")) cut(word, 2);
  else if (word.ends_with("s") && !word.ends_with("ss")) cut(word, 1);
}

// Adjusts the stem after removing -ed or -ing.
void restore(std::string& word) {
  const char last = word.back();
  if (ends_in_double_consonant(word)) {
    if (last != 'l' && last != 's' && last != 'z') cut(word, 1);
  } else if (word.ends_with("at") || word.ends_with("bl") || word.ends_with("iz") ||
             (measure(word) == 1 && ends_short(word))) {
    word += 'e';
  }
}

// -ed and -ing.
void step1b(std::string& word) {
  if (word.ends_with("ied")) return cut(word, word.size() == 4 ? 1 : 2);
  if (word.ends_with("eed")) {
    if (measure(std::string_view(word).substr(0, word.size() - 3)) > 0) cut(word, 1);
    return;
  }
  for (const std::string_view suffix : {"ed", "ing"}) {
    if (!word.ends_with(suffix)) continue;
    if (!has_vowel(std::string_view(word).substr(0, word.size() - suffix.size()))) continue;
    cut(word, suffix.size());
    return restore(word);
  }
}

// -y after a consonant, in words longer than "by".
void step1c(std::string& word) {
  const std::string_view stem = std::string_view(word).substr(0, word.size() - 1);
  if (word.ends_with("y") && stem.size() > 1 && ends_in_consonant(stem)) word.back() = 'i';
}

constexpr Rule kDoubleSuffixes[] = {
    {"ational", "ate"}, {"tional", "tion"}, {"enci", "ence"}, {"anci", "ance"}, {"izer", "ize"},
    {"bli", "ble"},     {"alli", "al"},     {"entli", "ent"}, {"eli", "e"},     {"ousli", "ous"},
    {"ization", "ize"}, {"ation", "ate"},   {"ator", "ate"},  {"alism", "al"},  {"iveness", "ive"},
    {"fulness", "ful"}, {"ousness", "ous"}, {"aliti", "al"},  {"iviti", "ive"}, {"biliti", "ble"},
    {"fulli", "ful"}};

// -ational to -ate, etc.
void step2(std::string& word) {
  constexpr Rule kAlli[] = {{"alli", "al"}};
  if (apply_first(word, kAlli, 0)) return step2(word);
  if (!word.ends_with("logi")) {
    apply_first(word, kDoubleSuffixes, 0);
  } else if (measure(std::string_view(word).substr(0, word.size() - 3)) > 0) {
    cut(word, 1);  // the l belongs to the stem, such as "geologi"
  }
}

void step3(std::string& word) {
  constexpr Rule kRules[] = {{"icate", "ic"}, {"ative", ""}, {"alize", "al"}, {"iciti", "ic"},
                             {"ical", "ic"},  {"ful", ""},   {"ness", ""}};
  apply_first(word, kRules, 0);
}

constexpr std::string_view kLastSuffixes[] = {"al",  "ance",  "ence", "er",  "ic",  "able", "ible",
                                              "ant", "ement", "ment", "ent", "ion", "ou",   "ism",
                                              "ate", "iti",   "ous",  "ive", "ize"};

void step4(std::string& word) {
  for (const std::string_view suffix : kLastSuffixes) {
    if (!word.ends_with(suffix)) continue;
    const std::string_view stem(word.data(), word.size() - suffix.size());
    const bool fits = suffix != "ion" || stem.ends_with("s") || stem.ends_with("t");
    if (measure(stem) > 1 && fits) cut(word, suffix.size());
    return;
  }
}

// -e and -ll.
void step5(std::string& word) {
  if (word.ends_with("e")) {
    const std::string_view stem(word.data(), word.size() - 1);
    const int m = measure(stem);
    if (m > 1 || (m == 1 && !ends_short(stem))) cut(word, 1);
  }
  if (word.ends_with("ll") && measure(std::string_view(word).substr(0, word.size() - 1)) > 1)
    cut(word, 1);
}

constexpr std::pair<std::string_view, std::string_view> kIrregular[] = {
    {"sky", "sky"},        {"skies", "sky"},       {"dying", "die"},        {"lying", "lie"},
    {"tying", "tie"},      {"news", "news"},       {"innings", "inning"},   {"inning", "inning"},
    {"outings", "outing"}, {"outing", "outing"},   {"cannings", "canning"}, {"canning", "canning"},
    {"howe", "howe"},      {"proceed", "proceed"}, {"exceed", "exceed"},    {"succeed", "succeed"}};

}  // namespace

std::string porter_stem(std::string_view text) {
  for (const auto& [word, stem] : kIrregular)
    if (text == word) return std::string(stem);
  std::string word(text);
  if (word.size() <= 2) return word;
  for (const auto step : {step1a, step1b, step1c, step2, step3, step4, step5}) step(word);
  return word;
}

}  // namespace tapehead::data

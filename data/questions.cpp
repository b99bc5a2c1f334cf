#include "tapehead/data/questions.h"

#include <fmt/format.h>

#include <unordered_map>

#include "tapehead/core/error.h"
#include "tapehead/core/suggest.h"
#include "tapehead/data/text.h"

namespace tapehead::data {
namespace {

constexpr std::string_view kSpace = " \t\r\v\f";

/// The line without trailing white space and punctuation.
std::string_view without_end(std::string_view line) {
  constexpr std::string_view kDanda = "\u0964";
  while (!line.empty()) {
    if (line.ends_with(kDanda)) line.remove_suffix(kDanda.size());
    else if (kSpace.find(line.back()) != kSpace.npos || line.find_last_of(".?!") == line.size() - 1)
      line.remove_suffix(1);
    else break;
  }
  return line;
}

int64_t known(const Vocab& vocab, const std::string& word) {
  if (vocab.contains(word)) return vocab.id(word);
  std::vector<std::string> tokens;
  for (int64_t id = kSpecials; id < vocab.size(); ++id) tokens.push_back(vocab.token(id));
  const std::string meant = closest_name(word, tokens);
  throw ValueError(fmt::format("story_ids: '{}' is not in the vocabulary{}", word,
                               meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant)));
}

}  // namespace

std::vector<std::string> story_words(std::string_view line) {
  const std::string text = lower(line);
  std::string_view left = without_end(text);
  std::vector<std::string> words;
  for (size_t begin = 0; (begin = left.find_first_not_of(kSpace)) != left.npos;) {
    left.remove_prefix(begin);
    const std::string_view word = left.substr(0, left.find_first_of(kSpace));
    words.emplace_back(word);
    left.remove_prefix(word.size());
  }
  return words;
}

std::span<const StoryQuestion::Words> StoryQuestion::sentences() const {
  return {story->data(), static_cast<size_t>(said)};
}

std::string StoryQuestion::answer_token() const {
  return fmt::format("{}", fmt::join(answer, ","));
}

Vocab story_vocab(std::span<const StoryTask> tasks) {
  std::unordered_map<std::string, int64_t> counts;
  const auto count = [&](const StoryQuestion::Words& words) {
    for (const std::string& word : words) ++counts[word];
  };
  for (const StoryTask& task : tasks)
    for (const auto* part : {&task.train, &task.val, &task.test}) {
      const std::vector<StoryQuestion::Words>* last = nullptr;
      for (const StoryQuestion& asked : *part) {
        if (asked.story.get() != last)
          for (const auto& sentence : *asked.story) count(sentence);
        last = asked.story.get();
        count(asked.question);
        count(asked.answer);
        if (asked.answer.size() > 1) ++counts[asked.answer_token()];
      }
    }
  return Vocab::build(std::vector<std::pair<std::string, int64_t>>(counts.begin(), counts.end()));
}

Story story_ids(const StoryQuestion& asked, const Vocab& vocab) {
  const auto ids = [&](const StoryQuestion::Words& words) {
    std::vector<int64_t> all;
    for (const std::string& word : words) all.push_back(known(vocab, word));
    return all;
  };
  Story story;
  for (const auto& sentence : asked.sentences()) story.sentences.push_back(ids(sentence));
  story.question = ids(asked.question);
  if (!asked.answer.empty()) story.answer = known(vocab, asked.answer_token());
  story.supports = asked.supports;
  return story;
}

}  // namespace tapehead::data

// Questions about stories, in words: what readers and generators of them give, and their ids.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tapehead/data/vocab.h"

namespace tapehead::data {

/// The words of a sentence or a question: in lower case, cut at white space, without the
/// punctuation at its end (. ? ! and the danda of Hindi). Throws FormatError for what is not UTF-8.
std::vector<std::string> story_words(std::string_view line);

/// A question, its answer, and the story before it.
struct StoryQuestion {
  using Words = std::vector<std::string>;

  /// The whole story, which its questions share; some of it may come after this question.
  std::shared_ptr<const std::vector<Words>> story;
  int64_t said = 0;  ///< how many sentences come before the question
  Words question;
  Words answer;  ///< mostly one word; of a list or a path several
  /// Positions, below `said`, of the sentences that the answer follows from.
  std::vector<int64_t> supports;

  /// The sentences before the question.
  std::span<const Words> sentences() const { return {story->data(), static_cast<size_t>(said)}; }
  /// The answer as one token, "s,e": most models take each list for a class of its own.
  std::string answer_token() const;
};

/// Questions of one kind.
struct StoryTask {
  int64_t number = 0;  ///< from 1 on
  std::string name;
  std::vector<StoryQuestion> train, val, test;
};

/// The words of all stories, questions and answers, and the answers' tokens besides. Each story
/// counts once for all its questions. The order of the tasks does not matter.
Vocab story_vocab(std::span<const StoryTask> tasks);

/// A question in ids; the fields are those of nn::Story.
struct StoryIds {
  std::vector<std::vector<int64_t>> sentences;
  std::vector<int64_t> question;
  int64_t answer = 0;  ///< of answer_token(); 0 where there is no answer
  std::vector<int64_t> supports;
};

/// Throws ValueError for a word that the vocabulary does not have, with the one that was meant.
StoryIds story_ids(const StoryQuestion& asked, const Vocab& vocab);

}  // namespace tapehead::data

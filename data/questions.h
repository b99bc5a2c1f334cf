// Questions about stories, in words, and their encoding as token ids.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tapehead/data/story_batch.h"
#include "tapehead/data/vocab.h"

namespace tapehead::data {

/// The words of a sentence or a question: lower case, split at white space, without punctuation at
/// the end (. ? ! and the danda of Hindi). Throws FormatError for text that is not UTF-8.
/// Example: data::story_words("Where is the milk?")  // [where, is, the, milk]
std::vector<std::string> story_words(std::string_view line);

/// A question with its answer and the story that precedes it.
struct StoryQuestion {
  using Words = std::vector<std::string>;

  /// The whole story, shared by its questions; it may go on after this question.
  std::shared_ptr<const std::vector<Words>> story;
  int64_t said = 0;  ///< number of sentences before the question
  Words question;
  Words answer;  ///< usually one word; several for a list or a path
  /// Indices, below `said`, of the sentences that the answer follows from.
  std::vector<int64_t> supports;

  /// The sentences before the question.
  std::span<const Words> sentences() const;
  /// The answer as one token, such as "s,e": most models treat each list as a class.
  std::string answer_token() const;
};

/// A data set of questions of one kind.
struct StoryTask {
  int64_t number = 0;  ///< counted from 1
  std::string name;    ///< of the task
  std::vector<StoryQuestion> train, val, test;
};

/// The vocabulary of all stories, questions and answers, including each answer_token(). A story is
/// counted once for all its questions. The result does not depend on the order of the tasks.
/// Example: data::story_vocab(data::stories(1, {.train = 10, .val = 10, .test = 10})).size()  // 68
Vocab story_vocab(std::span<const StoryTask> tasks);

/// The token ids of a question and its story. The answer is the id of answer_token(), 0 if there is
/// no answer. Throws ValueError, with a suggestion, for a word that is not in the vocabulary.
/// Example: const auto tasks = data::stories(1, {.train = 10, .val = 10, .test = 10});
///     data::story_ids(tasks[0].train[0], data::story_vocab(tasks)).question  // [29, 19, 6]
Story story_ids(const StoryQuestion& asked, const Vocab& vocab);

}  // namespace tapehead::data

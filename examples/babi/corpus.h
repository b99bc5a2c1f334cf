// The data of examples/babi.cpp: story questions of the requested tasks.
#pragma once

#include <iostream>
#include <map>

#include "tapehead/examples/babi/models.h"

namespace babi {

// The questions of some tasks, in words and in ids.
struct Corpus {
  std::vector<data::StoryTask> tasks;
  std::map<int64_t, std::string> missing;  // missing files of the requested tasks
  data::Vocab vocab;
  int64_t words = 1;  // of the longest sentence or question
  std::vector<data::Story> train, val;
  std::vector<std::vector<data::Story>> test;  // of each task

  std::vector<data::Story> stories(const std::vector<data::StoryQuestion>& asked) {
    std::vector<data::Story> all;
    for (const data::StoryQuestion& q : asked) {
      all.push_back(data::story_ids(q, vocab));
      for (const auto& s : all.back().sentences)
        words = std::max(words, static_cast<int64_t>(s.size()));
      words = std::max(words, static_cast<int64_t>(all.back().question.size()));
    }
    return all;
  }
};

inline std::vector<int64_t> task_numbers(const std::string& text) {
  std::vector<int64_t> numbers;
  if (text == "all") {
    for (int64_t n = 1; n <= 20; ++n) numbers.push_back(n);
    return numbers;
  }
  for (const std::string_view part : data::split_string(text, ',')) {
    const auto number = parse_number<int64_t>(part);
    if (!number)
      throw ValueError(
          fmt::format("--task {}: must be all, a number, or numbers separated by commas", text));
    numbers.push_back(*number);
  }
  return numbers;
}

inline std::vector<data::StoryTask> read_tasks(const Options& t, const train::Options& o,
                                               std::map<int64_t, std::string>& missing) {
  if (!o.data) return data::stories(o.seed);
  const std::vector<data::BabiFiles> files = data::babi_files(*o.data, t.subset);
  const std::vector<int64_t> wanted = task_numbers(t.task);
  std::vector<data::StoryTask> tasks;
  for (const int64_t n : wanted) {
    const bool known = n >= 1 && n <= static_cast<int64_t>(files.size());
    const std::string lacks = known ? files[static_cast<size_t>(n) - 1].missing() : "";
    if (!lacks.empty() && wanted.size() > 1) missing[n] = lacks;
    else tasks.push_back(data::babi_task(*o.data, n, t.subset));
  }
  return tasks;
}

inline Corpus read_corpus(const Options& t, const train::Options& o) {
  std::map<int64_t, std::string> missing;
  std::vector<data::StoryTask> tasks = read_tasks(t, o, missing);
  data::Vocab vocab = data::story_vocab(tasks);
  Corpus c{.tasks = std::move(tasks), .missing = std::move(missing), .vocab = std::move(vocab)};
  int64_t longer = 0, all = 0;
  for (const data::StoryTask& task : c.tasks) {
    for (data::Story& s : c.stories(task.train)) c.train.push_back(std::move(s));
    for (data::Story& s : c.stories(task.val)) c.val.push_back(std::move(s));
    c.test.push_back(c.stories(task.test));
  }
  for (const data::Story& s : c.train) {
    ++all;
    longer += t.memory > 0 && static_cast<int64_t>(s.sentences.size()) > t.memory;
  }
  if (longer > 0 && t.overflow == "error")
    throw ValueError(
        fmt::format("{} of {} stories have more than {} sentences; raise --memory, or use "
                    "--overflow drop to omit their first ones",
                    longer, all, t.memory));
  if (longer > 0 && !o.quiet)
    std::cerr << fmt::format(
        "babi: {} of {} stories have more than {} sentences; their first sentences are omitted\n",
        longer, all, t.memory);
  return c;
}

}  // namespace babi

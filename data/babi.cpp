#include "tapehead/data/babi.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/core/parse_number.h"
#include "tapehead/data/files.h"
#include "tapehead/data/text.h"

namespace tapehead::data {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kNames[] = {"single-supporting-fact",
                                       "two-supporting-facts",
                                       "three-supporting-facts",
                                       "two-arg-relations",
                                       "three-arg-relations",
                                       "yes-no-questions",
                                       "counting",
                                       "lists-sets",
                                       "simple-negation",
                                       "indefinite-knowledge",
                                       "basic-coreference",
                                       "conjunction",
                                       "compound-coreference",
                                       "time-reasoning",
                                       "basic-deduction",
                                       "basic-induction",
                                       "positional-reasoning",
                                       "size-reasoning",
                                       "path-finding",
                                       "agents-motivations"};
constexpr auto kTasks = static_cast<int64_t>(std::size(kNames));

class Parser {
 public:
  explicit Parser(const std::string& path) : path_(path) {}

  std::vector<StoryQuestion> parse() {
    for (const std::string& text : read_lines(path_)) {
      ++line_;
      if (!text.empty()) read(text);
    }
    if (questions_.empty()) throw FormatError(fmt::format("{}: there is no question in it", path_));
    return std::move(questions_);
  }

 private:
  template <class... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> form, Args&&... args) const {
    throw FormatError(
        fmt::format("{}:{}: {}", path_, line_, fmt::format(form, std::forward<Args>(args)...)));
  }

  void read(std::string_view text) {
    const size_t space = text.find(' ');
    const int64_t number = parse_number<int64_t>(text.substr(0, space)).value_or(-1);
    if (number < 0 || space == text.npos)
      fail("expected a number, a space, and a sentence or a question");
    if (number == 1) {
      story_ = std::make_shared<std::vector<StoryQuestion::Words>>();
      positions_.clear();
    } else if (const size_t next = positions_.size() + 1; number != static_cast<int64_t>(next)) {
      fail("the line's number is {}; expected {}", number,
           next == 1 ? "1" : fmt::format("{}, or 1 for a new story", next));
    }
    const std::vector<std::string_view> fields = split_string(text.substr(space + 1), '\t');
    if (fields.size() == 1) add_sentence(fields[0]);
    else add_question(fields);
  }

  void add_sentence(std::string_view text) {
    StoryQuestion::Words words = story_words(text);
    if (words.empty()) fail("the sentence is empty");
    positions_.push_back(static_cast<int64_t>(story_->size()));
    story_->push_back(std::move(words));
  }

  void add_question(const std::vector<std::string_view>& fields) {
    if (fields.size() > 3)
      fail("{} fields; a question, its answer and the supporting facts have tabs between",
           fields.size());
    StoryQuestion asked{
        story_, static_cast<int64_t>(story_->size()), story_words(fields[0]), {}, {}};
    if (asked.question.empty()) fail("the question is empty");
    if (story_->empty()) fail("the question comes before the first sentence of its story");
    for (const std::string_view part : split_string(fields[1], ',')) {
      asked.answer.push_back(fmt::format("{}", fmt::join(story_words(part), " ")));
      if (asked.answer.back().empty()) fail("the answer '{}' lacks a word", fields[1]);
    }
    if (fields.size() == 3)
      for (const std::string_view part : split_string(fields[2], ' '))
        if (!part.empty()) asked.supports.push_back(position(part));
    positions_.push_back(kQuestion);
    questions_.push_back(std::move(asked));
  }

  /// The index of the sentence that is a supporting fact.
  int64_t position(std::string_view fact) const {
    const int64_t number = parse_number<int64_t>(fact).value_or(-1);
    if (number < 1 || number > static_cast<int64_t>(positions_.size()))
      fail("the supporting fact '{}' is not the number of a line of the story before the question",
           fact);
    const int64_t found = positions_[static_cast<size_t>(number - 1)];
    if (found == kQuestion) fail("the supporting fact {} is a question, not a sentence", number);
    return found;
  }

  static constexpr int64_t kQuestion = -1;
  const std::string& path_;
  int64_t line_ = 0;
  std::shared_ptr<std::vector<StoryQuestion::Words>> story_;
  std::vector<int64_t> positions_;  // of the story's lines, as indices of its sentences
  std::vector<StoryQuestion> questions_;
};

std::string join(const std::string& dir, const std::string& subset) {
  return subset.empty() ? dir : (fs::path(dir) / subset).string();
}

std::string find(const fs::path& folder, int64_t number, std::string_view name,
                 std::string_view part) {
  for (const std::string& stem : {fmt::format("qa{}_{}_{}.txt", number, name, part),
                                  fmt::format("qa{}_{}.txt", number, part)})
    if (std::string path = find_data_file((folder / stem).string()); !path.empty()) return path;
  return "";
}

/// Empty if there are no files of a task.
std::vector<BabiFiles> files_in(const std::string& folder) {
  std::vector<BabiFiles> files;
  bool any = false;
  for (int64_t number = 1; number <= kTasks; ++number) {
    const std::string_view name = kNames[number - 1];
    files.push_back({number, std::string(name), find(folder, number, name, "train"),
                     find(folder, number, name, "valid"), find(folder, number, name, "test")});
    any = any || !files.back().train.empty() || !files.back().test.empty();
  }
  if (!any) files.clear();
  return files;
}

/// Moves the last training questions to the validation set.
void hold_out(StoryTask& task) {
  std::vector<StoryQuestion>& train = task.train;
  if (train.size() < 2) return;
  const auto tenth = train.end() - std::max<std::ptrdiff_t>(std::ssize(train) / 10, 1);
  auto cut = std::find_if(train.begin(), train.end(),
                          [&](const StoryQuestion& asked) { return asked.story == tenth->story; });
  if (cut == train.begin()) cut = tenth;
  task.val.assign(std::make_move_iterator(cut), std::make_move_iterator(train.end()));
  train.erase(cut, train.end());
}

}  // namespace

std::string BabiFiles::missing() const {
  if (train.empty()) return test.empty() ? "no training and no test file" : "no training file";
  return test.empty() ? "no test file" : "";
}

std::vector<BabiFiles> babi_files(const std::string& dir, const std::string& subset) {
  const std::string folder = join(dir, subset);
  require_folder(folder);
  std::vector<BabiFiles> files = files_in(folder);
  if (files.empty() && subset.empty()) files = files_in(join(dir, "en"));
  if (files.empty())
    throw IoError(fmt::format("{}: there is no file of a bAbI task in it, such as qa1_{}_train.txt",
                              folder, kNames[0]));
  return files;
}

std::vector<StoryQuestion> babi_questions(const std::string& path) { return Parser(path).parse(); }

StoryTask babi_task(const std::string& dir, int64_t number, const std::string& subset) {
  if (number < 1 || number > kTasks)
    throw ValueError(fmt::format("babi: there is no task {}; choose one of 1..{}", number, kTasks));
  const BabiFiles files = babi_files(dir, subset)[static_cast<size_t>(number - 1)];
  if (const std::string missing = files.missing(); !missing.empty())
    throw IoError(fmt::format("{}: there is {} of task {}, {}", join(dir, subset), missing, number,
                              files.name));
  StoryTask task{number, files.name, babi_questions(files.train), {}, babi_questions(files.test)};
  if (files.val.empty()) hold_out(task);
  else task.val = babi_questions(files.val);
  return task;
}

}  // namespace tapehead::data

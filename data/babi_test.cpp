#include "tapehead/data/babi.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <set>

#include "tapehead/core/error.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/real_data.h"
#include "tapehead/tests/scratch.h"

namespace tapehead::babi_test {

using namespace data;
using test::Scratch;
using testing::error_of;

namespace {

using Words = StoryQuestion::Words;
using Ids = std::vector<int64_t>;

const std::string kText =
    "1 Ada moved to the attic.\n"
    "2 Ben took the Kettle there.\n"
    "3 Where is Ada? \tAttic\t1\n"
    "4 Ada took the spoon, too.\n"
    "5 Who has things?\tBen,Ada\t4 2\n"
    "1 The attic is north of the cellar.\n"
    "2 How do you go from the cellar to the attic?\tn\n";

/// `count` stories of `each` questions.
std::string stories_of(int64_t count, int64_t each) {
  std::string text;
  for (int64_t i = 0; i < count; ++i) {
    text += "1 Ada is in room" + std::to_string(i) + ".\n";
    for (int64_t j = 0; j < each; ++j)
      text += std::to_string(j + 2) + " Where is Ada?\troom" + std::to_string(i) + "\t1\n";
  }
  return text;
}

/// The message without the path at its beginning.
std::string refusal(const std::string& path, const std::function<void()>& action) {
  const std::string said = error_of<Error>(action);
  return said.starts_with(path) ? said.substr(path.size()) : said;
}

void check_sound(const std::vector<StoryQuestion>& questions) {
  CHECK(!questions.empty());
  for (const StoryQuestion& asked : questions) {
    const bool sound = asked.said >= 1 && asked.said <= static_cast<int64_t>(asked.story->size()) &&
                       !asked.question.empty() && !asked.answer.empty() &&
                       !asked.answer_token().empty() &&
                       std::all_of(asked.supports.begin(), asked.supports.end(),
                                   [&](int64_t i) { return i >= 0 && i < asked.said; });
    CHECK(sound);
  }
}

}  // namespace

TEST_CASE("babi: questions, and the stories that they share") {
  const Scratch folder;
  const auto questions = babi_questions(folder.write("a.txt", kText));
  REQUIRE(questions.size() == 3);
  const auto& [first, second, third] = std::tie(questions[0], questions[1], questions[2]);
  CHECK(first.story == second.story);
  CHECK(first.sentences().size() == 2);
  CHECK(first.sentences()[1] == Words{"ben", "took", "the", "kettle", "there"});
  CHECK(first.question == Words{"where", "is", "ada"});
  CHECK(first.answer == Words{"attic"});
  CHECK(first.supports == Ids{0});
  CHECK(second.sentences().size() == 3);
  CHECK(second.sentences()[2] == Words{"ada", "took", "the", "spoon,", "too"});
  CHECK(second.answer == Words{"ben", "ada"});
  CHECK(second.supports == Ids{2, 1});
  CHECK(third.sentences().size() == 1);
  CHECK(third.answer == Words{"n"});
  CHECK(third.supports == Ids{});
}

TEST_CASE("babi: ends of lines, empty lines and spaces do not matter") {
  const Scratch folder;
  const auto questions = babi_questions(
      folder.write("a.txt",
                   "\xef\xbb\xbf"
                   "1 Ada  is home .\r\n\r\n2 Where is Ada ? \t At  Home , yes \t 1  1 "));
  REQUIRE(questions.size() == 1);
  CHECK(questions[0].sentences()[0] == Words{"ada", "is", "home"});
  CHECK(questions[0].answer == Words{"at home", "yes"});
  CHECK(questions[0].supports == Ids{0, 0});
}

// Statements of task 15 in Hindi, as published, end in "?.".
TEST_CASE("babi: a line is a question if it has a tab, whatever it ends with") {
  const Scratch folder;
  const auto questions = babi_questions(folder.write("qa15_hn.txt",
                                                     "1 Bhediye chuhon se darte hain?.\n"
                                                     "2 Ada ek bhediya hai?\n"
                                                     "3 Ada kisse darti hai ?\tchuhon\t1 2\n"
                                                     "4 Ben kahan hai\tghar\t2\n"));
  REQUIRE(questions.size() == 2);
  CHECK(questions[0].sentences()[0] == Words{"bhediye", "chuhon", "se", "darte", "hain"});
  CHECK(questions[0].sentences()[1] == Words{"ada", "ek", "bhediya", "hai"});
  CHECK(questions[0].question == Words{"ada", "kisse", "darti", "hai"});
  CHECK(questions[0].supports == Ids{0, 1});
  CHECK(questions[1].question == Words{"ben", "kahan", "hai"});
}

TEST_CASE("babi: lines that are refused") {
  const std::string begin = "1 Ada is home.\n2 Is she?\tyes\t1\n";
  const std::string no_number = "expected a number, a space, and a sentence or a question";
  const std::string no_line = " is not the number of a line of the story before the question";
  const std::pair<std::string, std::string> lines[] = {
      {"Ben is out.", no_number},
      {"3", no_number},
      {"3\tIs she?\tyes", no_number},
      {"-3 Ben is out.", no_number},
      {"3x Ben is out.", no_number},
      {"99999999999999999999 Ben is out.", no_number},
      {"4 Ben is out.", "the line's number is 4; expected 3, or 1 for a new story"},
      {"0 Ben is out.", "the line's number is 0; expected 3, or 1 for a new story"},
      {"3 ", "the sentence is empty"},
      {"3  . ", "the sentence is empty"},
      {"3 ?\tyes\t1", "the question is empty"},
      {"3 Is she?\t", "the answer '' lacks a word"},
      {"3 Is she?\t\t1", "the answer '' lacks a word"},
      {"3 Is she?\tyes,\t1", "the answer 'yes,' lacks a word"},
      {"3 Is she?\tyes\t1\t",
       "4 fields; a question, its answer and the supporting facts have tabs between"},
      {"3 Is she?\tyes\t0", "the supporting fact '0'" + no_line},
      {"3 Is she?\tyes\t1 3", "the supporting fact '3'" + no_line},
      {"3 Is she?\tyes\t1,2", "the supporting fact '1,2'" + no_line},
      {"3 Is she?\tyes\tone", "the supporting fact 'one'" + no_line},
      {"3 Is she?\tyes\t2", "the supporting fact 2 is a question, not a sentence"},
      {"3 Ben is out \xff", "not UTF-8: byte 0xff at offset 44"}};
  const Scratch folder;
  for (const auto& row : lines) {
    const auto& [line, fact] = row;
    CAPTURE(row.first);
    const std::string path = folder.write("a.txt", begin + line + "\n");
    CHECK(refusal(path, [&] { babi_questions(path); }) == ":3: " + fact);
  }
}

TEST_CASE("babi: files that are refused") {
  const Scratch folder;
  const auto message = [&](std::string_view text) {
    const std::string path = folder.write("a.txt", text);
    return refusal(path, [&] { babi_questions(path); });
  };
  CHECK(message("2 Ada is home.\n") == ":1: the line's number is 2; expected 1");
  CHECK(message("1 Is she?\tyes\n") ==
        ":1: the question comes before the first sentence of its story");
  CHECK(message("1 Ada is home.\n") == ": there is no question in it");
  CHECK(message("\n") == ": there is no question in it");
  CHECK(message("") == ": the file is empty");
  CHECK(refusal(folder / "b.txt", [&] { babi_questions(folder / "b.txt"); }) ==
        ": no such file; did you mean " + (folder / "a.txt") + "?");
}

TEST_CASE("babi: a broken file is read or refused") {
  const Scratch folder;
  std::mt19937 random(7);
  for (size_t length = 0; length <= kText.size(); ++length) {
    const std::string path = folder.write("a.txt", std::string_view(kText).substr(0, length));
    CAPTURE(length);
    try {
      check_sound(babi_questions(path));
    } catch (const Error& error) {
      CHECK(std::string(error.what()).starts_with(path));
    }
  }
  const std::string likely = "1259 \t\n.?,-aZ\xc3\xff";
  int64_t read = 0;
  for (int trial = 0; trial < 1500; ++trial) {
    std::string text = kText;
    for (auto left = 1 + random() % 3; left > 0; --left) {
      const size_t at = random() % text.size();
      const char letter = likely[random() % likely.size()];
      if (const auto deed = random() % 3; deed == 0) text[at] = letter;
      else if (deed == 1) text.insert(at, 1, letter);
      else text.erase(at, 1 + random() % 9);
    }
    CAPTURE(text);
    const std::string path = folder.write("a.txt", text);
    try {
      check_sound(babi_questions(path));
      ++read;
    } catch (const Error& error) {
      CHECK(std::string(error.what()).starts_with(path));
    }
  }
  CHECK(read > 150);
  CHECK(read < 1350);
}

TEST_CASE("babi: what a folder has of each task") {
  const Scratch root;
  for (const char* name : {"en", "en-valid", "hn"}) std::filesystem::create_directory(root / name);
  root.write("en/qa1_single-supporting-fact_train.txt", kText);
  root.write("en/qa1_single-supporting-fact_test.txt", kText);
  root.write("en/qa3_three-supporting-facts_test.txt.gz", kText);
  root.write("en/qa19_path-finding_train.txt.gz", kText);
  root.write("en-valid/qa20_train.txt", kText);
  root.write("en-valid/qa20_valid.txt", kText);
  root.write("en-valid/qa20_test.txt", kText);

  for (const auto& files : {babi_files(root / "en"), babi_files(root.path()),
                            babi_files(root.path(), "en"), babi_files(root.path() + "/")}) {
    REQUIRE(files.size() == 20);
    CHECK(files[0].number == 1);
    CHECK(files[0].name == "single-supporting-fact");
    CHECK(files[0].missing() == "");
    CHECK(std::filesystem::equivalent(files[0].train,
                                      root / "en/qa1_single-supporting-fact_train.txt"));
    CHECK(files[0].val == "");
    CHECK(files[1].missing() == "no training and no test file");
    CHECK(files[2].missing() == "no training file");
    CHECK(files[18].missing() == "no test file");
    CHECK(files[19].name == "agents-motivations");
  }
  CHECK(babi_files(root.path(), "en-valid")[19].val == (root / "en-valid/qa20_valid.txt"));
  CHECK(babi_task(root / "en", 1).train.size() + babi_task(root / "en", 1).val.size() == 3);
  CHECK(babi_task(root.path(), 20, "en-valid").val.size() == 3);
  CHECK(babi_task(root.path(), 20, "en-valid").number == 20);
  CHECK(babi_task(root.path(), 20, "en-valid").name == "agents-motivations");

  const std::string& at = root.path();
  CHECK(refusal(at, [&] { babi_task(at, 3, "en"); }) ==
        "/en: there is no training file of task 3, three-supporting-facts");
  CHECK(refusal(at, [&] { babi_files(at, "en-vald"); }) ==
        "/en-vald: no such file; did you mean " + at + "/en-valid?");
  CHECK(refusal(at, [&] { babi_files(at, "hn"); }) ==
        "/hn: there is no file of a bAbI task in it, such as qa1_single-supporting-fact_train.txt");
  CHECK(refusal(at, [&] { babi_files(at + "/en-valid/qa20_test.txt"); }) ==
        "/en-valid/qa20_test.txt: is a file, not a folder");
  for (const int64_t number : {int64_t{0}, int64_t{21}, int64_t{-1}})
    CHECK(error_of<ValueError>([&] { babi_task(at, number); }) ==
          "babi: there is no task " + std::to_string(number) + "; choose one of 1..20");
}

TEST_CASE("babi: validation is the end of the training file, whole stories if that leaves any") {
  struct Case {
    int64_t stories, each, train, val;
  };
  for (const Case& row : {Case{200, 5, 900, 100}, Case{100, 1, 90, 10}, Case{10, 12, 108, 12},
                          Case{7, 10, 60, 10}, Case{1, 20, 18, 2}, Case{1, 2, 1, 1},
                          Case{2, 1, 1, 1}, Case{1, 1, 1, 0}, Case{2, 30, 30, 30}}) {
    CAPTURE(row.stories);
    CAPTURE(row.each);
    const auto& [stories, each, train, val] = row;
    const Scratch folder;
    folder.write("qa7_counting_train.txt", stories_of(stories, each));
    folder.write("qa7_counting_test.txt", kText);
    const StoryTask task = babi_task(folder.path(), 7);
    CHECK(task.train.size() == static_cast<size_t>(train));
    CHECK(task.val.size() == static_cast<size_t>(val));
    CHECK(task.test.size() == 3);
    if (stories > 1) CHECK(task.val.front().story != task.train.back().story);
  }
}

TEST_CASE("babi: the published tasks") {
  const std::string root = test::real_data("babi");
  if (root.empty()) {
    MESSAGE("skipped: there is no babi");
    return;
  }
  std::vector<StoryTask> tasks;
  for (const BabiFiles& files : babi_files(root)) {
    REQUIRE(files.missing() == "");
    tasks.push_back(babi_task(root, files.number));
    const StoryTask& task = tasks.back();
    CAPTURE(task.name);
    CHECK(task.test.size() == 1000);
    CHECK(task.train.size() + task.val.size() == 1000);
    CHECK(task.val.size() >= 100);
    CHECK(task.val.size() < 110);
    for (const auto* part : {&task.train, &task.val, &task.test}) check_sound(*part);
  }
  const Vocab vocab = story_vocab(tasks);
  CHECK(vocab.size() == 182);
  CHECK(vocab.contains("s,e"));
  for (const StoryTask& task : tasks) {
    std::set<std::string> learned;
    for (const StoryQuestion& asked : task.train) learned.insert(asked.answer_token());
    int64_t unseen = 0;
    for (const StoryQuestion& asked : task.test) {
      CHECK(story_ids(asked, vocab).answer >= kSpecials);
      unseen += !learned.contains(asked.answer_token());
      CHECK(!asked.supports.empty());
    }
    CAPTURE(task.name);
    CHECK(unseen == (task.name == "lists-sets" ? 1 : 0));
  }
  const auto big = babi_files(root, "en-10k");
  CHECK(big[2].missing() == "no training file");
  CHECK(babi_task(root, 1, "en-10k").train.size() == 9000);
}

}  // namespace tapehead::babi_test

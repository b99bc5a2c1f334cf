#include "tapehead/data/summaries.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tapehead/core/error.h"
#include "tapehead/data/text.h"
#include "tapehead/tests/real_data.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead;
using namespace tapehead::data;
using test::message_of;
using test::Scratch;

TEST_CASE("summaries are read, plain and gzipped, with their texts") {
  const Scratch folder;
  folder.write("val.tsv", "a\tshort\ta longer text\r\nb\tbrief\tmore words\n");
  const ParallelText::Split val = summaries_split(folder.path(), "val");
  CHECK(val.target == std::vector<std::string>{"short", "brief"});
  CHECK(val.source == std::vector<std::string>{"a longer text", "more words"});
}

TEST_CASE("summaries that are none are refused, with their line") {
  const Scratch folder;
  const auto refused = [&](std::string_view bytes) {
    const std::string path = folder.write("train.tsv", bytes);
    std::string message = message_of<FormatError>([&] { summaries_split(folder.path(), "train"); });
    return message.starts_with(path) ? message.substr(path.size()) : message;
  };
  CHECK(refused("a\tb\tc\na\tb\n") ==
        ":2: 2 fields; a line has a name, a summary and a text, with tabs between");
  CHECK(refused("a\tb\tc\td\n") ==
        ":1: 4 fields; a line has a name, a summary and a text, with tabs between");
  CHECK(refused("a\t \tc\n") == ":1: the summary is empty; remove the line");
  CHECK(refused("a\tb\t\xe3\x80\x80\n") == ":1: the text is empty; remove the line");
  CHECK(refused("\n") ==
        ":1: 1 fields; a line has a name, a summary and a text, with tabs between");
  CHECK(refused("a\tb\t\xff\n").find("UTF-8") != std::string::npos);
  CHECK(!refused("").empty());
  const std::string whole = "name\tsummary\ta text\n";
  for (size_t length = 0; length + 8 < whole.size(); ++length) {
    CAPTURE(length);
    CHECK(!refused(whole.substr(0, length)).empty());
  }
  CHECK(message_of<IoError>([&] { summaries_split(folder.path(), "test"); }) ==
        (folder / "test.tsv") + ": no such file, with or without .gz");
}

TEST_CASE("Debian's package descriptions are summaries") {
  const std::string folder = test::real_data("debian-synopsis");
  if (folder.empty()) {
    MESSAGE("skipped: there is no debian-synopsis");
    return;
  }
  const ParallelText::Split test = summaries_split(folder, "test");
  CHECK(test.size() == 1000);
  CHECK(test.source.size() == test.target.size());
}

TEST_CASE("news are the same for the same seed, and their test for every count") {
  const ParallelText a = news(1, 20), b = news(1, 40), other = news(2, 20);
  CHECK(a.train.size() == 20);
  CHECK(a.val.size() == 500);
  CHECK(a.test.size() == 1000);
  CHECK(a.test.source == b.test.source);
  CHECK(a.train.source[7] == b.train.source[7]);
  CHECK(a.train.source != other.train.source);
}

TEST_CASE("news have names that must be copied, and more of them than are wanted") {
  const ParallelText corpus = news(3, 2000);
  std::map<std::string, int> times;
  for (const std::string& text : corpus.train.source) {
    const std::vector<std::string> all = words(text);
    for (const std::string& word : std::set<std::string>(all.begin(), all.end())) ++times[word];
  }
  int64_t copied = 0, rare = 0;
  for (size_t i = 0; i < corpus.test.source.size(); ++i) {
    const std::string &text = corpus.test.source[i], &line = corpus.test.target[i];
    CAPTURE(text);
    CAPTURE(line);
    CHECK(text.find('%') == std::string::npos);
    CHECK(text.back() == '.');
    const std::vector<std::string> all = words(text);
    const bool capital = std::any_of(all.begin(), all.end(), [&](const std::string& word) {
      return times[word] <= 1 && line.find(word) != std::string::npos;
    });
    rare += capital;
    for (const std::string& word : words(line))
      copied += std::find(all.begin(), all.end(), word) != all.end() && times[word] <= 1;
  }
  CHECK(rare > 950);
  CHECK(copied > 950);
}

TEST_CASE("news refuse a count out of range") {
  for (const int64_t count : {int64_t{0}, int64_t{1'000'001}}) {
    CAPTURE(count);
    CHECK(message_of<ValueError>([&] { news(1, count); }) ==
          "news: the count is " + std::to_string(count) + "; it must be in 1..1,000,000");
  }
}

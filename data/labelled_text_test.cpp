#include "tapehead/data/labelled_text.h"

#include <doctest/doctest.h>

#include <set>

#include "tapehead/core/error.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead;
using tapehead::testing::error_of;

namespace {

struct Folder : test::Scratch {
  Folder() {
    write("text.txt", "One text.\n\nAnother\twith a tab.\n");
    write("train.tsv", "good\tIt works.\nbad\tIt does not.\tWhy?\n");
    write("test.tsv", "\nbad\tx\n");
  }
  std::string refusal() const {
    const std::string said = error_of<Error>([&] { data::labelled_corpus(path()); });
    return said.starts_with(path() + "/") ? said.substr(path().size() + 1) : said;
  }
};

}  // namespace

TEST_CASE("labelled_corpus: texts, pairs and their labels") {
  const Folder folder;
  const data::LabelledCorpus corpus = data::labelled_corpus(folder.path());
  REQUIRE(corpus.text.size() == 2);
  CHECK(corpus.text[1].first == "Another\twith a tab.");
  REQUIRE(corpus.train.size() == 2);
  CHECK(corpus.train[0].label == "good");
  CHECK(corpus.train[0].first == "It works.");
  CHECK(corpus.train[0].second == "");
  CHECK(corpus.train[1].first == "It does not.");
  CHECK(corpus.train[1].second == "Why?");
  CHECK(corpus.test[0].label == "bad");
  CHECK(corpus.labels == std::vector<std::string>{"bad", "good"});
}

TEST_CASE("labelled_corpus: what it refuses") {
  const char* form = ": expected a label and one text or two, with tabs between";
  for (const char* line :
       {"good", "good\t", "\ttext", "good\ttext\t", "a\tb\tc\td", "\t", "\t\t"}) {
    CAPTURE(line);
    const Folder folder;
    folder.write("train.tsv", "good\tfine\n" + std::string(line) + "\n");
    CHECK(folder.refusal() == "train.tsv:2" + std::string(form));
  }
  const Folder other, empty, missing;
  other.write("test.tsv", "good\tx\nugly\ty\n");
  CHECK(other.refusal() == "test.tsv: no example of the label 'ugly' is in train.tsv");
  empty.write("text.txt", "\n\n");
  CHECK(empty.refusal() == "text.txt: there is no text in it");
  std::filesystem::remove(missing / "train.tsv");
  CHECK(missing.refusal() == "train.tsv: no such file, with or without .gz");
}

TEST_CASE("tale_endings: every second end is that of another tale") {
  const data::LabelledCorpus corpus = data::tale_endings(1, 50, 40, 30);
  CHECK(corpus.text.size() == 50);
  CHECK(corpus.train.size() == 40);
  CHECK(corpus.test.size() == 30);
  CHECK(corpus.labels == std::vector<std::string>{"right", "wrong"});
  std::set<std::string> beginnings;
  for (const auto* part : {&corpus.text, &corpus.train, &corpus.test})
    for (size_t i = 0; i < part->size(); ++i) {
      const data::LabelledText& tale = (*part)[i];
      CAPTURE(tale.first);
      CHECK(tale.first.ends_with("."));
      CHECK(tale.second.starts_with("So the "));
      CHECK(beginnings.insert(tale.first).second);
      CHECK(tale.label == (part == &corpus.text ? "" : i % 2 == 0 ? "right" : "wrong"));
      const std::string place = tale.second.substr(tale.second.find("went to the ") + 8);
      const std::string where = place.substr(0, place.find(" and found"));
      if (tale.label != "wrong") CHECK(tale.first.ends_with(where + "."));
      else CHECK(tale.second == (*part)[i - 1].second);
    }
  CHECK(data::tale_endings(1, 50, 40, 30).test[7].first == corpus.test[7].first);
  CHECK(error_of<ValueError>([] { data::tale_endings(1, 50, 0); }) ==
        "tale_endings: a count is 0; it must be in 1..1,000,000");
}

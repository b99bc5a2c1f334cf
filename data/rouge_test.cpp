#include "tapehead/data/rouge.h"

#include <doctest/doctest.h>

#include "tapehead/core/error.h"
#include "tapehead/tests/oracles/rouge_cases.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead;
using namespace tapehead::data;
using test::message_of;

using Lines = std::vector<std::string>;

TEST_CASE("words lose the endings that NLTK's stemmer takes") {
  for (const test::StemCase& recorded : test::kStemCases) {
    CAPTURE(recorded.word);
    CHECK(porter_stem(recorded.word) == recorded.stem);
  }
}

TEST_CASE("a stem of any length takes time in proportion") {
  CHECK(porter_stem(std::string(200'000, 'y')).size() == 200'000);
  CHECK(porter_stem(std::string(100'000, 's') + "ations").size() == 100'005);
}

TEST_CASE("rouge is the rouge-score package's, to the last bit") {
  for (const test::RougeCase& recorded : test::kRougeCases) {
    CAPTURE(recorded.summary);
    CAPTURE(recorded.reference);
    CAPTURE(recorded.stem);
    const RougeScores scores = rouge(recorded.summary, recorded.reference, {.stem = recorded.stem});
    size_t i = 0;
    for (const RougeScore& one : {scores.rouge1, scores.rouge2, scores.rougeL, scores.rougeLsum})
      for (const double part : {one.precision, one.recall, one.f1}) {
        CAPTURE(i);
        CHECK(part == recorded.scores[i++]);
      }
  }
}

TEST_CASE("rouge counts runs of letters and digits in lower case") {
  CHECK(rouge_tokens("The C++ x-ray's  3.14, NA\xc3\x8fVE_\n") ==
        Lines{"the", "c", "x", "ray", "s", "3", "14", "na", "ve"});
  CHECK(rouge_tokens("\xe2\x84\xaa ran, running runs", {.stem = true}) ==
        Lines{"k", "ran", "run", "run"});
  CHECK(rouge_tokens(" \xc3\xa9 ").empty());
}

TEST_CASE("rouge of a corpus is the mean of its pairs") {
  const Lines summaries = {"a b", "c"}, references = {"a b", "d"};
  const RougeScores mean = rouge(summaries, references);
  CHECK(mean.rouge1.f1 == 0.5);
  CHECK(mean.rouge2.recall == 0.5);
  CHECK(mean.rougeL.precision == 0.5);
  CHECK(mean.rougeLsum.f1 == 0.5);
}

TEST_CASE("rouge refuses what it cannot compare") {
  const Lines one = {"a"}, two = {"a", "b"}, bad = {"a", "b\xff"};
  CHECK(message_of<ValueError>([&] { rouge(one, two); }) ==
        "rouge: 1 summaries, 2 references; each needs one of the other");
  CHECK(message_of<ValueError>([] { rouge(Lines{}, Lines{}); }) ==
        "rouge: there are no summaries; pass at least one");
  CHECK(message_of<FormatError>([&] { rouge(two, bad); }) ==
        "rouge: reference 1 is not UTF-8: byte 0xff at offset 1");
  CHECK(message_of<FormatError>([&] { rouge(bad, two); }) ==
        "rouge: summary 1 is not UTF-8: byte 0xff at offset 1");
  CHECK(!message_of<FormatError>([] { rouge("\xff", "a"); }).empty());
}

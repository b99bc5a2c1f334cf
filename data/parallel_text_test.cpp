#include "tapehead/data/parallel_text.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tapehead/core/error.h"
#include "tapehead/tests/real_data.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead;
using data::ParallelText;
using test::message_of;
using test::Scratch;

using Lines = std::vector<std::string>;

TEST_CASE("ParallelText reads its splits") {
  const Scratch scratch;
  scratch.write("train.de", "ein Haus\nein Hund\n");
  scratch.write("train.en", "a house\na dog\n");
  scratch.write("val.de", "ja\n");
  scratch.write("val.en.gz", "yes\n");
  const ParallelText corpus = ParallelText::open(scratch.path(), "de", "en");
  CHECK(corpus.train.source == Lines{"ein Haus", "ein Hund"});
  CHECK(corpus.train.target == Lines{"a house", "a dog"});
  CHECK(corpus.val.target == Lines{"yes"});
  CHECK(corpus.test.size() == 0);
  CHECK(ParallelText::open(scratch.path(), "en", "de").train.source == Lines{"a house", "a dog"});

  scratch.write("test_2016_flickr.de", "nein\n");
  CHECK(message_of<IoError>([&] { ParallelText::open(scratch.path(), "de", "en"); }) ==
        scratch.path() +
            ": there is neither test_2016_flickr.en nor test_2016_flickr.en.gz; the folder has "
            "test_2016_flickr.de");
  scratch.write("test_2016_flickr.en", "no\n");
  CHECK(ParallelText::open(scratch.path() + "/", "de", "en").test.source == Lines{"nein"});
  CHECK(ParallelText::split(scratch.path(), "test_2016_flickr", "de", "en").target == Lines{"no"});
}

TEST_CASE("ParallelText says what is missing and what is there") {
  const Scratch scratch;
  const auto error = [&](const std::string& dir, const std::string& name) {
    return message_of<IoError>([&] { ParallelText::split(dir, name, "de", "en"); });
  };
  const std::string& at = scratch.path();
  CHECK(error(at, "train") ==
        at + ": there is neither train.de nor train.de.gz; the folder is empty");
  scratch.write("train.de.gz", "x\n");
  scratch.write("train.fr.gz", "x\n");
  scratch.write("val.de", "x\n");
  CHECK(error(at, "train") == at + ": there is neither train.en nor train.en.gz; the folder has "
                                   "train.de.gz, train.fr.gz");
  CHECK(error(at, "tset") == at + ": there is neither tset.de nor tset.de.gz; the folder has "
                                  "train.de.gz, train.fr.gz, val.de");
  CHECK(error(at + "/val.de", "train") == at + "/val.de: is a file, not a folder");
  CHECK(error(at + "x", "train") ==
        at + "x/train.de: no such file: there is no folder " + at + "x; did you mean " + at + "?");
  for (int i = 0; i < 20; ++i) scratch.write(fmt::format("z{}", 10 + i), "");
  CHECK(error(at, "tset").ends_with("z14, z15, z16, z17, z18 and 11 more"));
}

TEST_CASE("ParallelText refuses files that do not fit together") {
  const Scratch scratch;
  const std::string de = scratch.write("train.de", "a\nb\nc\n"), en = scratch.path() + "/train.en";
  const auto error = [&](const std::string& english) {
    scratch.write("train.en", english);
    return message_of<FormatError>(
        [&] { ParallelText::split(scratch.path(), "train", "de", "en"); });
  };
  CHECK(error("a\nb\n") ==
        de + " has 3 lines, " + en + " has 2; line N of one must translate line N of the other");
  const std::string empty =
      ": an empty line; every line must contain a sentence; remove it from both files";
  CHECK(error("a\n\nc\n") == en + ":2" + empty);
  CHECK(error("a\nb\n \u00A0\n") == en + ":3" + empty);
  CHECK(error("") == en + ": the file is empty");
  CHECK(error("a\nb\n\xff\n") == en + ":3: not UTF-8: byte 0xff at offset 4");
}

TEST_CASE("ParallelText reads Multi30k as published") {
  const std::string dir = test::real_data("multi30k");
  if (dir.empty()) {
    MESSAGE("skipped: no multi30k in ../shared/data or $TAPEHEAD_DATA");
    return;
  }
  const ParallelText corpus = ParallelText::open(dir, "de", "en");
  CHECK(corpus.train.size() == 29000);
  CHECK(corpus.val.size() == 1014);
  CHECK(corpus.test.size() == 1000);
  CHECK(corpus.train.source[0] ==
        "Zwei junge weiße Männer sind im Freien in der Nähe vieler Büsche.");
  CHECK(ParallelText::split(dir, "val", "fr", "en").size() == 1014);
}

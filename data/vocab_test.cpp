#include "tapehead/data/vocab.h"

#include <doctest/doctest.h>

#include "tapehead/core/error.h"
#include "tapehead/data/detail/splitmix.h"
#include "tapehead/tests/scratch.h"

namespace tapehead::vocab_test {

using namespace data;
using test::message_of;
using test::Scratch;

namespace {

using Words = std::vector<std::string>;
using Ids = std::vector<int64_t>;
using Counts = std::vector<std::pair<std::string, int64_t>>;

Vocab small() {
  const std::vector<Words> sentences = {{"b", "a", "c"}, {"c", "b", "c"}, {"ä", "a", "<pad>"}};
  return Vocab::build(sentences);
}

std::string load_error(const std::string& text) {
  return message_of<FormatError>([&] { Vocab::from_text(text, "v"); });
}

}  // namespace

TEST_CASE("Vocab orders by count, then by bytes, behind the specials") {
  const Vocab vocab = small();
  CHECK(vocab.size() == 8);
  Words tokens;
  for (int64_t id = 0; id < vocab.size(); ++id) tokens.push_back(vocab.token(id));
  CHECK(tokens == Words{"<pad>", "<unk>", "<s>", "</s>", "c", "a", "b", "ä"});
  for (int64_t id = kSpecials; id < vocab.size(); ++id) CHECK(vocab.id(vocab.token(id)) == id);
}

TEST_CASE("Vocab keeps what min_count and max_size allow") {
  const Counts counts = {{"one", 1}, {"two", 1}, {"two", 1}, {"three", 3}};
  CHECK(Vocab::build(counts, {.min_count = 2}).size() == 6);
  const Vocab one = Vocab::build(counts, {.max_size = 5});
  CHECK(one.size() == 5);
  CHECK(one.token(4) == "three");
  CHECK(Vocab::build(Counts{}).size() == 4);
}

TEST_CASE("Vocab encodes and decodes; text cannot spell a special") {
  const Vocab vocab = small();
  CHECK(vocab.encode(Words{"a", "nope", "c", "<pad>", "</s>"}) == Ids{5, 1, 4, 1, 1});
  CHECK(vocab.decode(Ids{2, 5, 1, 4, 3, 0, 0}) == Words{"a", "<unk>", "c"});
  CHECK(vocab.contains("a"));
  CHECK_FALSE(vocab.contains("<pad>"));
}

TEST_CASE("Vocab refuses bad arguments by name") {
  CHECK(message_of<IndexError>([] { small().token(8); }) == "Vocab: id 8 is outside 0..7");
  CHECK(message_of<IndexError>([] { small().decode(Ids{-1}); }) == "Vocab: id -1 is outside 0..7");
  CHECK(message_of<ValueError>([] { Vocab::build(Counts{}, {.min_count = 0}); }) ==
        "Vocab: min_count is 0; it must be at least 1");
  CHECK(
      message_of<ValueError>([] { Vocab::build(Counts{}, {.max_size = 4}); }) ==
      "Vocab: max_size is 4; it must be above 4, the number of special tokens, or 0 for no limit");
  CHECK(message_of<ValueError>([] {
          Vocab::build(Counts{{"a", -1}});
        }) == "Vocab: the count of 'a' is -1; it must not be negative");
  CHECK(message_of<FormatError>([] {
          Vocab::build(Counts{{"a\xff", 1}});
        }) == "Vocab: a token is not UTF-8 at byte 1");
  CHECK(message_of<FormatError>([] {
          Vocab::build(Counts{{"", 1}});
        }) == "Vocab: an empty token; remove it first");
}

TEST_CASE("Vocab saves and loads every token, however odd") {
  const Scratch scratch;
  const Counts counts = {{" ", 9},     {"▁", 8},       {"a b", 7},    {"\n", 6},
                         {"\\", 5},    {"\\u{20}", 4}, {"\u00AD", 3}, {std::string("\0", 1), 2},
                         {"\u00A0", 1}};
  const Vocab vocab = Vocab::build(counts);
  vocab.save(scratch / "v.txt");
  const Vocab loaded = Vocab::load(scratch / "v.txt");
  REQUIRE(loaded.size() == vocab.size());
  for (int64_t id = 0; id < vocab.size(); ++id) CHECK(loaded.token(id) == vocab.token(id));
  CHECK(vocab.to_text() ==
        "tapehead vocabulary 1\ntokens 9\n▁\n\\u{2581}\na▁b\n\\u{a}\n\\u{5c}\n\\u{5c}u{20}\n"
        "\\u{ad}\n\\u{0}\n\\u{a0}\n");
}

TEST_CASE("Vocab's file is read strictly") {
  CHECK(load_error("") ==
        "v:1: the file ends early: the first line must read 'tapehead vocabulary 1'");
  CHECK(load_error("tapehead bpe 1\n") == "v:1: the first line must read 'tapehead vocabulary 1'");
  const std::string title = "tapehead vocabulary 1\n";
  CHECK(load_error(title + "tokens x\n") == "v:2: tokens must be a number within 0..100000000");
  CHECK(load_error(title + "tokens -1\n") == "v:2: tokens must be a number within 0..100000000");
  CHECK(load_error(title + "tokens 99999999999999999999\n") ==
        "v:2: tokens must be a number within 0..100000000");
  CHECK(load_error(title + "words 1\n") == "v:2: 'tokens NUMBER' expected");
  CHECK(load_error(title + "tokens 2\na\n") == "v:4: the file ends early: 1 token expected");
  CHECK(load_error(title + "tokens 1\na\nb\n") == "v:4: the file should end here");
  CHECK(load_error(title + "tokens 2\na\na\n") == "v:4: 'a' is listed twice");
  CHECK(load_error(title + "tokens 1\na b\n") == "v:3: 1 token expected");
  CHECK(load_error(title + "tokens 1\n\n") == "v:3: 1 token expected");
  CHECK(load_error(title + "tokens 1\n<s>\n") == "v:3: '<s>' is the name of a special token");
  CHECK(load_error(title + "tokens 1\n\xff\n") == "v:3: not UTF-8");
  for (const char* bad : {"\\n", "\\", "\\u{", "\\u{}", "\\u{d800}", "\\u{110000}", "\\u{-1}"}) {
    CHECK(load_error(title + "tokens 1\n" + bad + "\n") ==
          std::string("v:3: '") + bad + "' contains a backslash that does not begin \\u{HEX}");
  }
}

TEST_CASE("Vocab's parser survives rubbish") {
  const std::string good = small().to_text();
  for (size_t i = 0; i + 1 < good.size(); ++i) {
    CHECK_THROWS_AS(Vocab::from_text(good.substr(0, i), "v"), FormatError);
  }
  SplitMix random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string text = good;
    for (int64_t n = random.below(4); n >= 0; --n) {
      text[static_cast<size_t>(random.below(static_cast<int64_t>(text.size())))] =
          static_cast<char>(random.below(256));
    }
    // Either it is refused with a line number, or it is a vocabulary.
    const std::string error = load_error(text);
    CHECK((error.empty() || error.starts_with("v:")));
  }
}

}  // namespace tapehead::vocab_test

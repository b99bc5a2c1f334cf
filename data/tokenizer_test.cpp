#include "tapehead/data/tokenizer.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "tapehead/core/error.h"
#include "tapehead/data/detail/json.h"
#include "tapehead/data/detail/splitmix.h"
#include "tapehead/data/text.h"
#include "tapehead/tests/json_values.h"
#include "tapehead/tests/oracles/tokenizer_cases.h"
#include "tapehead/tests/scratch.h"

namespace tapehead::tokenizer_test {

using namespace data;
using test::message_of;
using test::Scratch;

namespace {

using Ids = std::vector<int64_t>;
using Lines = std::vector<std::string>;

/// Byte pairs of a few lines.
const Tokenizer& small() {
  static const Tokenizer one = Tokenizer::train_bpe(
      Lines{"low lower lowest", "new newer newest", "low new", "naïve naïve"}, {.size = 290});
  return one;
}

const Lines kSentences = {"the unaffable man was unable",
                          "able men are affable and the man is able", "Man, the able!",
                          "the the the"};

}  // namespace

TEST_CASE("tokenizers give the package's ids") {
  for (const char* text : kTokenizerCases) {
    const Json recorded = parse_json(text, "recorded");
    const Tokenizer tokenizer = Tokenizer::from_json(recorded[0].dump(), "t");
    const Tokenizer again = Tokenizer::from_json(tokenizer.to_json(), "again");
    const std::string model = recorded[0]["model"].dump().substr(0, 200);
    CAPTURE(model);
    for (const Json& one : recorded[1].as_array()) {
      const std::string& line = one[0].as_string();
      CAPTURE(line);
      CHECK(tokenizer.encode(line) == test::integers(one[1]));
      CHECK(again.encode(line) == test::integers(one[1]));
    }
  }
}

TEST_CASE("training byte-level BPE makes the package's merges") {
  const Json recorded = parse_json(kTrainingCases[0], "recorded");
  const auto lines = test::strings(recorded["lines"]);
  const Tokenizer tokenizer = Tokenizer::train_bpe(lines, {.size = 290});
  const Json ours = parse_json(tokenizer.to_json(), "ours");
  CHECK(ours["model"]["merges"] == recorded["merges"]);
  CHECK(tokenizer.size() == 290);
  for (const Json& one : recorded["encoded"].as_array()) {
    CHECK(tokenizer.encode(one[0].as_string()) == test::integers(one[1]));
  }
}

TEST_CASE("byte-level BPE decodes exactly what it encoded") {
  Lines lines = {"",
                 " ",
                 "low lower",
                 "naïve  日本 👩‍👩‍👧\r\n\t\x01",
                 "<|endoftext|>low <|endoftext|>",
                 "Ġ low"};
  SplitMix random(3);
  std::u32string every;
  for (char32_t c = 0; c < 0x30000; c += c < 0x800 ? 1 : 57) {
    if (c < 0xD800 || c > 0xDFFF) every += c;
  }
  for (size_t i = 0; i < every.size(); ++i) {
    std::swap(every[i],
              every[static_cast<size_t>(random.below(static_cast<int64_t>(every.size())))]);
  }
  lines.push_back(to_utf8(every));
  for (const std::string& line : lines) {
    CAPTURE(line);
    CHECK(small().decode(small().encode(line)) == line);
  }
}

TEST_CASE("special tokens are ids of their own, skipped on request") {
  const Ids ids = small().encode("low<|endoftext|> low");
  CHECK(std::count(ids.begin(), ids.end(), 0) == 1);
  CHECK(small().id("<|endoftext|>") == 0);
  CHECK(small().is_special(0));
  CHECK_FALSE(small().is_special(1));
  CHECK_FALSE(small().is_special(-1));
  CHECK(small().decode(ids, {.skip_special_tokens = true}) == "low low");
  // A character cut in two shows as U+FFFD.
  CHECK(small().decode(Ids{small().id("Ã")}) == "\uFFFD");
}

TEST_CASE("tokens and ids are looked up, and errors say what there is") {
  CHECK(small().token(small().id("Ġlow")) == "Ġlow");
  CHECK(small().contains("Ġlow"));
  CHECK_FALSE(small().contains("xyz"));
  CHECK(message_of<ValueError>([] { small().id("<|endotext|>"); }) ==
        "Tokenizer: there is no token '<|endotext|>'; did you mean '<|endoftext|>'?");
  CHECK(message_of<ValueError>([] { small().id("xyz"); }) == "Tokenizer: there is no token 'xyz'");
  for (const int64_t id : {int64_t{-1}, small().size(), int64_t{1} << 40}) {
    const std::string expected =
        fmt::format("Tokenizer: id {} is outside 0..{}", id, small().size() - 1);
    CHECK(message_of<IndexError>([&] { small().token(id); }) == expected);
    CHECK(message_of<IndexError>([&] { small().decode(Ids{0, id}); }) == expected);
  }
  CHECK(message_of<FormatError>([] { small().encode("ab\xC3("); }) ==
        "Tokenizer::encode: not UTF-8: byte 0xc3 at offset 2");
}

TEST_CASE("a WordPiece vocabulary is learned and puts its tokens around the text") {
  const Tokenizer tokenizer = Tokenizer::train_word_piece(kSentences, {.size = 80});
  CHECK(tokenizer.size() <= 80);
  const Lines specials = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  for (size_t i = 0; i < specials.size(); ++i) {
    CHECK(tokenizer.id(specials[i]) == static_cast<int64_t>(i));
  }
  Lines tokens;
  for (const int64_t id : tokenizer.encode("The MAN, unable [MASK] Ünable q")) {
    tokens.push_back(tokenizer.token(id));
  }
  CHECK(tokens == Lines{"[CLS]", "the", "man", ",", "un", "##able", "[MASK]", "un", "##able",
                        "[UNK]", "[SEP]"});
  CHECK(tokenizer.decode(tokenizer.encode("The man, unable!"), {.skip_special_tokens = true}) ==
        "the man, unable!");
  CHECK(tokenizer.encode("", {.add_special_tokens = false}).empty());
  CHECK(Tokenizer::train_word_piece(kSentences, {.size = 80}).to_json() == tokenizer.to_json());
  const Tokenizer cased = Tokenizer::train_word_piece(kSentences, {.size = 90, .lower = false});
  CHECK(cased.contains("M"));
  CHECK_FALSE(tokenizer.contains("M"));
  // Of two characters the commonest are kept; what needs others is unknown.
  const Tokenizer few =
      Tokenizer::train_word_piece(Lines{"aab aab ab c"}, {.size = 20, .alphabet = 2});
  CHECK(few.encode("c", {.add_special_tokens = false}) == Ids{1});
  CHECK(few.encode("aab", {.add_special_tokens = false}) == Ids{few.id("aab")});
}

TEST_CASE("training refuses options out of range and lines that are not UTF-8") {
  const auto bpe = [](BpeTrainOptions options) {
    return message_of<ValueError>([&] { Tokenizer::train_bpe(kSentences, options); });
  };
  CHECK(bpe({.size = 256}) ==
        "Tokenizer::train_bpe: size is 256; it must be within 257..10000000: special tokens and "
        "characters come first");
  CHECK(bpe({.min_count = 0}) == "Tokenizer::train_bpe: min_count is 0; it must be at least 1");
  CHECK(bpe({.special = {"a", "a"}}) == "Tokenizer::train_bpe: special token 'a' is given twice");
  CHECK(bpe({.special = {""}}) == "Tokenizer::train_bpe: special token '' is empty or not UTF-8");
  CHECK(message_of<ValueError>([] {
          Tokenizer::train_word_piece(kSentences, {.size = 10});
        }).starts_with("Tokenizer::train_word_piece: size is 10; it must be within "));
  CHECK(message_of<ValueError>([] { Tokenizer::train_word_piece(kSentences, {.alphabet = 0}); }) ==
        "Tokenizer::train_word_piece: alphabet is 0; it must be at least 1");
  CHECK(message_of<FormatError>([] { Tokenizer::train_bpe(Lines{"a\xFF"}); }) ==
        "text: not UTF-8: byte 0xff at offset 1");
  CHECK(Tokenizer::train_bpe({}).size() == 257);
}

TEST_CASE("what is saved loads to the same ids") {
  const Scratch scratch;
  small().save(scratch.path());
  CHECK(scratch.count() == 1);
  const Tokenizer loaded = Tokenizer::load(scratch.path());
  CHECK(loaded.to_json() == small().to_json());
  CHECK(Tokenizer::load(scratch / "tokenizer.json").size() == small().size());

  const Scratch plain;
  small().save_vocabulary(plain.path());
  const Tokenizer words = Tokenizer::train_word_piece(kSentences, {.size = 80});
  const Tokenizer merges = Tokenizer::load(plain.path());
  for (const std::string line : {"lowest naïve", "new<|endoftext|>"}) {
    CHECK(loaded.encode(line) == small().encode(line));
    CHECK(merges.encode(line) == small().encode(line));
  }
  const Scratch vocab;
  words.save_vocabulary(vocab.path());
  CHECK(Tokenizer::load(vocab.path()).to_json() == words.to_json());
  CHECK(message_of<IoError>([&] { words.save(vocab / "gone"); }).starts_with(vocab / "gone"));
}

}  // namespace tapehead::tokenizer_test

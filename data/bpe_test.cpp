#include "tapehead/data/bpe.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "tapehead/core/error.h"
#include "tapehead/data/detail/splitmix.h"
#include "tapehead/data/files.h"
#include "tapehead/data/text.h"
#include "tapehead/tests/real_data.h"
#include "tapehead/tests/scratch.h"

namespace tapehead::bpe_test {

using namespace data;
using test::message_of;
using test::Scratch;

namespace {

using Ids = std::vector<int64_t>;
using Lines = std::vector<std::string>;

Lines pieces(const Bpe& bpe, const Ids& ids) {
  Lines out;
  for (const int64_t id : ids) out.push_back(bpe.token(id));
  return out;
}

/// Lines of made-up words, the short ones common.
Lines made_up_lines(uint64_t seed, int count) {
  SplitMix random(seed);
  Lines lines;
  for (int i = 0; i < count; ++i) {
    std::string line;
    for (int64_t n = random.below(9); n >= 0; --n) {
      if (!line.empty()) line += random.below(20) == 0 ? "  " : " ";
      for (int64_t k = random.below(1 + random.below(9)); k >= 0; --k) {
        const Lines letters = {"a", "b", "a", "n", "ä", "e"};
        line += letters[static_cast<size_t>(random.below(6))];
      }
      if (random.below(6) == 0) line += random.below(2) == 0 ? "." : "42";
    }
    lines.push_back(line);
  }
  return lines;
}

/// The algorithm of Sennrich et al. 2016 as they print it: count all pairs anew for every merge.
/// Works on texts instead of ids; `units` gives the order that breaks ties.
Lines plain_merges(const Lines& words, const Lines& units, int merges) {
  std::map<std::string, int> order;
  for (const std::string& unit : units) order.emplace(unit, static_cast<int>(order.size()));
  std::vector<Lines> split;
  for (const std::string& word : words) split.push_back(characters(word));
  Lines made;
  for (int step = 0; step < merges; ++step) {
    std::map<std::pair<int, int>, int> counts;
    std::map<std::pair<int, int>, std::pair<std::string, std::string>> names;
    for (const Lines& word : split) {
      for (size_t i = 0; i + 1 < word.size(); ++i) {
        const std::pair key(order.at(word[i]), order.at(word[i + 1]));
        ++counts[key];
        names[key] = {word[i], word[i + 1]};
      }
    }
    std::pair<int, int> best;
    int most = 1;
    for (const auto& [key, count] : counts) {
      if (count > most) {
        most = count;
        best = key;
      }
    }
    if (most < 2) break;
    const auto [left, right] = names[best];
    made.push_back(fmt::format("{}+{}", left, right));
    order.emplace(left + right, static_cast<int>(order.size()));
    for (Lines& word : split) {
      Lines next;
      for (size_t i = 0; i < word.size(); ++i) {
        const bool here = i + 1 < word.size() && word[i] == left && word[i + 1] == right;
        next.push_back(here ? left + right : word[i]);
        if (here) ++i;
      }
      word = next;
    }
  }
  return made;
}

/// The merges as the file lists them, "left+right", with spaces for ▁.
Lines merges_of(const Bpe& bpe) {
  Lines out;
  bool there = false;
  for (std::string line : split_lines(bpe.to_text())) {
    if (there) {
      line.replace(line.find(' '), 1, "+");
      std::u32string text = code_points(line);
      std::replace(text.begin(), text.end(), U'▁', U' ');
      out.push_back(to_utf8(text));
    }
    there = there || line.starts_with("merges ");
  }
  return out;
}

std::string load_error(const std::string& text) {
  return message_of<FormatError>([&] { Bpe::from_text(text, "b"); });
}

}  // namespace

TEST_CASE("Bpe learns the commonest pairs first and stays within words") {
  const Lines lines = {"low low low", "lower lower", "newest newest", "newest, lowest"};
  const Bpe bpe = Bpe::train(lines, 4);
  CHECK(merges_of(bpe) == Lines{" +l", "o+w", " l+ow", "e+s"});
  CHECK(bpe.size() == 4 + 10 + 4);
  CHECK(pieces(bpe, bpe.encode("low, newest")) ==
        Lines{" low", ",", " ", "n", "e", "w", "es", "t"});
  // The pairs of a word across a space or a point are never merged.
  const Bpe all = Bpe::train(Lines{"a.b a.b a.b a.b"}, 100);
  CHECK(merges_of(all) == Lines{" +a"});
}

TEST_CASE("Bpe's fast training makes the merges of the plain algorithm") {
  for (const uint64_t seed : {1, 2, 3, 4, 5}) {
    CAPTURE(seed);
    const Lines lines = made_up_lines(seed, 60);
    const Bpe none = Bpe::train(lines, 0);
    Lines units, words;
    for (int64_t id = kSpecials; id < none.size(); ++id) units.push_back(none.token(id));
    // Words as documented: a run of one kind with the space before it.
    for (const std::string& line : lines) {
      std::string word, last;
      for (const std::string& c : characters(fmt::format(" {}", line))) {
        const std::string kind = c == " " ? " " : c == "." ? "." : c == "4" || c == "2" ? "2" : "a";
        const bool begins = kind == " " || (last != " " && last != kind);
        if (begins && !word.empty()) words.push_back(std::exchange(word, ""));
        word += c;
        last = kind;
      }
      words.push_back(word);
    }
    CHECK(merges_of(Bpe::train(lines, 150)) == plain_merges(words, units, 150));
  }
}

TEST_CASE("Bpe decodes exactly what it encoded") {
  Lines lines = made_up_lines(11, 200);
  for (const char* odd : {"", " ", "  ", " a", "a ", "a  b", ".", " .", "▁a ▁", "\ta\n", "42ab42",
                          "don't", "日本語 テキスト", "e\u0301", "<pad> <unk>", "\\u{20}"}) {
    lines.push_back(odd);
  }
  lines.push_back(std::string(1000, 'x'));
  lines.push_back(std::string(300, ' '));
  for (const bool prefix : {true, false}) {
    for (const int merges : {0, 20, 400}) {
      const Bpe bpe = Bpe::train(lines, merges, {.prefix_space = prefix});
      for (const std::string& line : lines) {
        CAPTURE(line);
        CHECK(bpe.decode(bpe.encode(line)) == line);
        CHECK(bpe.encode(line) == bpe.encode(line));  // the second comes from the cache
        CHECK(bpe.decode(bpe.encode(line, 0.5, 3)) == line);
      }
    }
  }
}

TEST_CASE("Bpe without merges reads characters") {
  const Bpe bpe = Bpe::train(Lines{"3. März 1998"}, 0, {.prefix_space = false});
  CHECK(pieces(bpe, bpe.encode("3. März")) == Lines{"3", ".", " ", "M", "ä", "r", "z"});
}

TEST_CASE("Bpe lowers case when asked and marks what it never saw") {
  const Bpe bpe = Bpe::train(Lines{"Ein Haus, ein Haus"}, 10, {.lower = true});
  CHECK(bpe.decode(bpe.encode("EIN haus")) == "ein haus");
  const Ids ids = bpe.encode("Haus x");
  CHECK(ids.back() == kUnk);
  CHECK(bpe.decode(ids) == "haus \uFFFD");
  CHECK(bpe.decode(Ids{kBos, kEos, kPad}) == "");
}

TEST_CASE("a joint Bpe learns from both languages") {
  const ParallelText::Split pairs{{"ja ja"}, {"yes yes"}};
  const Bpe bpe = Bpe::train(pairs, 100);
  CHECK(pieces(bpe, bpe.encode("yes ja")) == Lines{" yes", " ja"});
}

TEST_CASE("encode with dropout splits further, the same for the same seed") {
  const Bpe bpe = Bpe::train(made_up_lines(5, 300), 300);
  const std::string line = made_up_lines(5, 1)[0];
  CHECK(bpe.encode(line, 0, 1) == bpe.encode(line));
  CHECK(bpe.encode(line, 1, 1).size() == 1 + characters(line).size());  // the leading space too
  CHECK(bpe.encode(line, 0.5, 1) == bpe.encode(line, 0.5, 1));
  std::set<Ids> seen;
  for (uint64_t seed = 0; seed < 50; ++seed) seen.insert(bpe.encode(line, 0.5, seed));
  CHECK(seen.size() > 5);
}

TEST_CASE("Bpe refuses bad arguments by name") {
  const Bpe bpe = Bpe::train(Lines{"ab"}, 0);
  CHECK(message_of<ValueError>([] { Bpe::train(Lines{}, -1); }) ==
        "Bpe::train: -1 merges; the number must be in 0..10000000");
  CHECK(message_of<ValueError>([] { Bpe::train(Lines{}, 1, {.min_count = 0}); }) ==
        "Bpe::train: min_count is 0; it must be at least 1");
  CHECK(message_of<ValueError>([&] { bpe.encode("a", 1.5, 0); }) ==
        "Bpe::encode: dropout is 1.5; it must be within 0..1");
  CHECK(message_of<IndexError>([&] { bpe.decode(Ids{4, 99}); }) == "Bpe: id 99 is outside 0..6");
  CHECK(message_of<IndexError>([&] { bpe.token(-1); }) == "Bpe: id -1 is outside 0..6");
  CHECK(message_of<FormatError>([&] { bpe.encode("a\xff"); }) ==
        "text: not UTF-8: byte 0xff at offset 1");
  CHECK(Bpe::train(Lines{}, 10).size() == 4);
}

TEST_CASE("Bpe saves and loads itself") {
  const Scratch scratch;
  Lines lines = made_up_lines(3, 200);
  lines.emplace_back("\\ ▁ \t \u00A0 ß ß \u2028");
  for (const bool lower : {true, false}) {
    const Bpe bpe = Bpe::train(lines, 200, {.lower = lower, .prefix_space = lower});
    bpe.save(scratch / "bpe.txt");
    const Bpe loaded = Bpe::load(scratch / "bpe.txt");
    CHECK(loaded.to_text() == bpe.to_text());
    REQUIRE(loaded.size() == bpe.size());
    for (const std::string& line : lines) CHECK(loaded.encode(line) == bpe.encode(line));
  }
}

TEST_CASE("Bpe's file is read strictly") {
  const std::string head = "tapehead bpe 1\nlower 0\nprefix_space 1\n";
  const std::string ab = head + "characters 2\na\nb\n";
  CHECK(Bpe::from_text(ab + "merges 1\na b\n", "b").size() == 7);
  CHECK(load_error("tapehead bpe 2\n") == "b:1: the first line must read 'tapehead bpe 1'");
  CHECK(load_error("tapehead bpe 1\nlower 2\n") == "b:2: lower must be a number within 0..1");
  CHECK(load_error(head + "characters 1\nab\n") == "b:5: 'ab' is not one character");
  CHECK(load_error(head + "characters 2\na\na\n") == "b:6: 'a' is listed twice");
  CHECK(load_error(head + "characters 9999999\n") ==
        "b:4: characters must be a number within 0..1114112");
  CHECK(load_error(ab) == "b:7: the file ends early: 'merges NUMBER' expected");
  CHECK(load_error(ab + "merges 1\nab a\n") ==
        "b:8: 'ab' is neither a character nor made by an earlier merge");
  CHECK(load_error(ab + "merges 1\na ▁\n") ==
        "b:8: '▁' is neither a character nor made by an earlier merge");
  CHECK(load_error(ab + "merges 1\n<pad> a\n") ==
        "b:8: '<pad>' is neither a character nor made by an earlier merge");
  CHECK(load_error(ab + "merges 2\na b\na b\n") == "b:9: this merge is listed twice");
  CHECK(load_error(ab + "merges 1\na b a\n") == "b:8: 2 tokens expected");
  CHECK(load_error(ab + "merges 0\nx\n") == "b:8: the file should end here");
}

TEST_CASE("Bpe's parser survives rubbish") {
  const std::string good = Bpe::train(made_up_lines(1, 20), 20).to_text();
  for (size_t i = 0; i + 1 < good.size(); ++i) {
    CHECK_THROWS_AS(Bpe::from_text(good.substr(0, i), "b"), FormatError);
  }
  SplitMix random(9);
  for (int round = 0; round < 2000; ++round) {
    std::string text = good;
    for (int64_t n = random.below(3); n >= 0; --n) {
      text[static_cast<size_t>(random.below(static_cast<int64_t>(text.size())))] =
          static_cast<char>(random.below(256));
    }
    // Either it is refused with a line number, or it is a tokenizer.
    size_t decoded = 1;
    const std::string error = message_of<FormatError>([&] {
      const Bpe bpe = Bpe::from_text(text, "b");
      decoded = bpe.decode(bpe.encode("banane 42.")).size();
    });
    CHECK(decoded > 0);
    CHECK((error.empty() || error.starts_with("b:")));
  }
}

TEST_CASE("Bpe on Multi30k decodes every line") {
  const std::string dir = test::real_data("multi30k");
  if (dir.empty()) {
    MESSAGE("skipped: no multi30k in ../shared/data or $TAPEHEAD_DATA");
    return;
  }
  const auto val = ParallelText::split(dir, "val", "de", "en");
  const Bpe bpe = Bpe::train(val, 2000);
  for (const Lines* lines : {&val.source, &val.target}) {
    for (const std::string& line : *lines) CHECK(bpe.decode(bpe.encode(line)) == line);
  }
}

}  // namespace tapehead::bpe_test

#include "tapehead/data/text.h"

#include <doctest/doctest.h>

#include "tapehead/core/error.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead;
using namespace tapehead::data;
using test::message_of;

using Words = std::vector<std::string>;

TEST_CASE("find_invalid_utf8 points at the first wrong byte") {
  struct Row {
    std::string text;
    int64_t expected;
  };
  for (const Row& row : {
           Row{"", -1},
           Row{"abc", -1},
           Row{"für € 𝄞", -1},
           Row{std::string("\0", 1), -1},
           Row{"\xf4\x8f\xbf\xbf", -1},  // U+10FFFF
           Row{"a\x80", 1},              // a continuation byte alone
           Row{"ab\xc3", 2},             // cut short
           Row{"\xe2\x82", 0},           // cut short
           Row{"\xc0\xaf", 0},           // overlong
           Row{"\xe0\x80\xaf", 0},       // overlong
           Row{"\xed\xa0\x80", 0},       // a surrogate
           Row{"\xf4\x90\x80\x80", 0},   // above U+10FFFF
           Row{"\xff", 0},
       }) {
    CAPTURE(row.text);
    CHECK(find_invalid_utf8(row.text) == row.expected);
    if (row.expected >= 0) {
      CHECK_THROWS_AS(code_points(row.text), FormatError);
      CHECK_THROWS_AS(lower(row.text), FormatError);
      CHECK_THROWS_AS(normalize(row.text), FormatError);
      CHECK_THROWS_AS(words(row.text), FormatError);
    } else {
      CHECK(to_utf8(code_points(row.text)) == row.text);
    }
  }
  CHECK(message_of<FormatError>([] { code_points("a\xfcz"); }) ==
        "text: not UTF-8: byte 0xfc at offset 1");
  CHECK(message_of<FormatError>([] { to_utf8(U"\xD800"); }) ==
        "to_utf8: 0xd800 is no code point of Unicode");
}

TEST_CASE("characters are code points") {
  CHECK(characters("3. März") == Words{"3", ".", " ", "M", "ä", "r", "z"});
  CHECK(characters("").empty());
}

TEST_CASE("lower follows Unicode's full rules") {
  struct Row {
    std::string text, expected;
  };
  for (const Row& row : {
           Row{"ÄÖÜ ẞ Straße", "äöü ß straße"},
           Row{"İ", "i̇"},
           Row{"ΟΔΥΣΣΕΥΣ ΣΑΣ", "οδυσσευς σας"},
           Row{"Σ", "σ"},        // no letter before
           Row{"ΑΣ.", "ας."},    // a point does not continue the word
           Row{"ΑΣ'Α", "ασ'α"},  // an apostrophe is looked through
           Row{"Α\u00ADΣ", "α\u00ADς"},
           Row{"ⅣΣ", "ⅳς"},  // Roman numerals are cased
           Row{"ЖУК", "жук"},
           Row{"𐐀", "𐐨"},
       }) {
    CAPTURE(row.text);
    CHECK(lower(row.text) == row.expected);
  }
}

TEST_CASE("normalize gives the four normal forms") {
  const std::string text = "e\u0301\uFB01\u00E9";
  CHECK(normalize(text) == "é\uFB01é");
  CHECK(normalize(text, NormalForm::kNfd) == "e\u0301\uFB01e\u0301");
  CHECK(normalize(text, NormalForm::kNfkc) == "éfié");
  CHECK(normalize(text, NormalForm::kNfkd) == "e\u0301fie\u0301");
  CHECK(normalize("") == "");
  CHECK(normalize(std::string("a\0e\u0301", 5)) == std::string("a\0é", 4));
}

TEST_CASE("split_string keeps empty parts") {
  const auto parts = [](std::string_view text) { return data::split_string(text, ','); };
  CHECK(parts("") == std::vector<std::string_view>{""});
  CHECK(parts("ab") == std::vector<std::string_view>{"ab"});
  CHECK(parts(",a,,b,") == std::vector<std::string_view>{"", "a", "", "b", ""});
}

TEST_CASE("words splits punctuation off and keeps words whole") {
  struct Row {
    std::string line;
    Words expected;
  };
  for (const Row& row : {
           Row{"Ein Hund, der läuft.", {"Ein", "Hund", ",", "der", "läuft", "."}},
           Row{"don't wear a t-shirt", {"don't", "wear", "a", "t-shirt"}},
           Row{"the girls' team", {"the", "girls", "'", "team"}},
           Row{"at 9:30, 3,000 people", {"at", "9:30", ",", "3,000", "people"}},
           Row{"wait... -- \"No\"!", {"wait", "...", "--", "\"", "No", "\"", "!"}},
           Row{"„Ja“ (nein)", {"„", "Ja", "“", "(", "nein", ")"}},
           Row{"re\u0301sume\u0301", {"re\u0301sume\u0301"}},
           Row{"a\u00A0b\tc\u2003", {"a", "b", "c"}},
           Row{"- x- y-", {"-", "x-", "y", "-"}},
           Row{"  ", {}},
           Row{"", {}},
       }) {
    CAPTURE(row.line);
    CHECK(words(row.line) == row.expected);
  }
}

TEST_CASE("join_words prints what words took apart") {
  for (const std::string line : std::initializer_list<const char*>{
           "Ein Hund, der läuft.",
           "a sign that says \"Welcome Bikers.\"",
           "the \"thumbs up\" sign; yes?",
           "ein Schild mit der Aufschrift „Eintritt frei“, und dann",
           "two (or three) dogs' toys",
           "he's #1 for $5 and/or 50% off!",
           "t-shirts at 9:30... 3,000",
           "",
       }) {
    CAPTURE(line);
    CHECK(join_words(words(line)) == line);
  }
}

#include "tapehead/data/dates.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "tapehead/core/error.h"
#include "tapehead/data/text.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead;
using namespace tapehead::data;

namespace {

using Split = ParallelText::Split;

/// The day of the week by Zeller's congruence (1882), 0 for Sunday.
int weekday(int year, int month, int day) {
  if (month < 3) {
    month += 12;
    --year;
  }
  const int zeller =
      (day + 13 * (month + 1) / 5 + year + year / 4 - year / 100 + year / 400) % 7;  // 0: Saturday
  return (zeller + 6) % 7;
}

/// The runs of digits of a text, as numbers.
std::vector<int> numbers(const std::string& text) {
  std::vector<int> out;
  bool within = false;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (digit && !within) out.push_back(0);
    if (digit) out.back() = out.back() * 10 + (c - '0');
    within = digit;
  }
  return out;
}

bool has(const std::vector<int>& all, int one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

}  // namespace

TEST_CASE("dates gives what was asked for, without a source twice") {
  const ParallelText corpus = dates(1, 20'000);
  CHECK(corpus.train.size() == 20'000);
  CHECK(corpus.val.size() == 1'000);
  CHECK(corpus.test.size() == 2'000);
  std::set<std::string> sources;
  for (const Split* split : {&corpus.train, &corpus.val, &corpus.test}) {
    REQUIRE(split->source.size() == split->target.size());
    sources.insert(split->source.begin(), split->source.end());
  }
  CHECK(sources.size() == 23'000);
}

TEST_CASE("dates is fixed by its seed, and its test by nothing else") {
  const ParallelText a = dates(1, 50), b = dates(1, 50), longer = dates(1, 500),
                     other = dates(2, 50);
  CHECK(a.train.source == b.train.source);
  CHECK(a.train.target == b.train.target);
  CHECK(a.test.source == longer.test.source);
  CHECK(a.train.source[7] == longer.train.source[7]);
  CHECK(a.train.source != other.train.source);
}

TEST_CASE("a date's weekday, day and year agree with its ISO form") {
  const Split train = dates(3, 30'000).train;
  const std::vector<std::string> days = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
  int weekdays = 0;
  for (size_t i = 0; i < train.source.size(); ++i) {
    const std::string source = lower(train.source[i]), &target = train.target[i];
    CAPTURE(source);
    CAPTURE(target);
    const std::vector<int> iso = numbers(target), written = numbers(source);
    REQUIRE(target.size() == 10);
    REQUIRE(iso.size() == 3);
    const auto [year, month, day] = std::tuple(iso[0], iso[1], iso[2]);
    for (size_t d = 0; d < days.size(); ++d) {
      if (!source.starts_with(days[d])) continue;
      ++weekdays;
      REQUIRE(weekday(year, month, day) == static_cast<int>(d));
    }
    const bool spelled = written.size() == 1;  // only the year in figures: the third of March
    REQUIRE((has(written, day) || spelled));
    const bool two_digits = has(written, year % 100) && year >= 1969 && year <= 2068;
    REQUIRE((has(written, year) || two_digits));
    REQUIRE((year >= 1900 && year <= 2099));
  }
  CHECK(weekdays > 3'000);
}

TEST_CASE("no date is written like another" * doctest::test_suite("long")) {
  std::map<std::string, std::string> meaning;
  int repeats = 0;
  for (const uint64_t seed : {1, 2, 3, 4}) {
    const Split train = dates(seed, 50'000).train;
    for (size_t i = 0; i < train.source.size(); ++i) {
      const auto [at, fresh] = meaning.emplace(lower(train.source[i]), train.target[i]);
      repeats += fresh ? 0 : 1;
      if (at->second != train.target[i]) FAIL(train.source[i]);
    }
  }
  CHECK(repeats > 1000);
}

TEST_CASE("dates writes the forms that it promises") {
  const Split train = dates(1, 100'000).train;
  const auto seen = [&](const std::string& part) {
    return std::any_of(train.source.begin(), train.source.end(),
                       [&](const std::string& s) { return s.find(part) != s.npos; });
  };
  for (const std::string part : {"the 3rd of March, ", "the twenty-first of ", "March the 3rd",
                                 "Saturday, June 14, ", " mar. '", "/III/", ".iv.", " MARCH ",
                                 "th of May, ", "may the ", "Wed, ", " 11th", " 22nd"}) {
    CAPTURE(part);
    CHECK(seen(part));
  }
  for (const std::string part : {"May.", "11st", "12nd", "13rd", "21th", "22th", "23th"}) {
    CAPTURE(part);
    CHECK_FALSE(seen(part));
  }
}

TEST_CASE("dates refuses a count that it cannot make") {
  CHECK(test::message_of<ValueError>([] { dates(1, 0); }) ==
        "dates: count is 0; it must be within 1..1000000");
  CHECK(test::message_of<ValueError>([] { dates(1, 1'000'001); }) ==
        "dates: count is 1000001; it must be within 1..1000000");
}

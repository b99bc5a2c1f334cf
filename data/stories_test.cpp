#include "tapehead/data/stories.h"

#include <doctest/doctest.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "tapehead/core/error.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using namespace tapehead::data;

namespace {

using Words = StoryQuestion::Words;

std::string text_of(const StoryQuestion& asked) {
  std::string text;
  for (const Words& sentence : asked.sentences())
    text += fmt::format("{}. ", fmt::join(sentence, " "));
  return text + fmt::format("{}? {} {}", fmt::join(asked.question, " "), asked.answer_token(),
                            fmt::join(asked.supports, " "));
}

/// What a reader knows after the sentences at `which`.
struct Reader {
  std::map<std::string, std::string> place, holder, giver;          // of people, things and things
  std::map<std::string, std::pair<std::string, std::string>> next;  // of a place: the way, a place

  Reader(const StoryQuestion& asked, const std::vector<int64_t>& which) {
    for (const int64_t i : which) read((*asked.story)[static_cast<size_t>(i)]);
  }

  void read(const Words& s) {
    if (s[0] == "the") {
      next[s[6]] = {s[3], s[1]};
    } else if (s[1] == "found" || s[1] == "took") {
      holder[s[3]] = s[0];
    } else if (s[1] == "gave" || s[1] == "handed") {
      giver[s[3]] = s[0];
      holder[s[3]] = s[5];
    } else {
      place[s[0]] = s[4];
    }
  }

  Words carried_by(const std::string& person) const {
    Words all;
    for (const auto& [thing, who] : holder)
      if (who == person) all.push_back(thing);
    return all;
  }

  Words answer(const Words& q) const {
    if (q[0] == "is") {
      const std::string& where = place.at(q[1]);
      return {where == "barn" || where == "library" || where == "mill" ? "yes" : "no"};
    }
    if (q[0] == "which") {
      Words ways;
      for (std::string at = q[5]; at != q[8]; at = next.at(at).second)
        ways.push_back(next.at(at).first);
      return ways;
    }
    if (q[0] == "where") return {place.at(q.size() == 3 ? q[2] : holder.at(q[3]))};
    if (q[0] == "who") return {q[1] == "got" ? holder.at(q[3]) : giver.at(q[4])};
    const Words carried = carried_by(q[q[0] == "how" ? 4 : 2]);
    if (q[0] == "how") return {std::vector{"none", "one", "two"}.at(carried.size())};
    return carried.empty() ? Words{"nothing"} : carried;
  }
};

std::vector<int64_t> up_to(int64_t end) {
  std::vector<int64_t> all;
  for (int64_t i = 0; i < end; ++i) all.push_back(i);
  return all;
}

}  // namespace

TEST_CASE("stories are the same for the same seed, on every machine") {
  const StoriesOptions one{.train = 1, .val = 1, .test = 1};
  const auto tasks = stories(1, one);
  CHECK(text_of(tasks[3].test[0]) ==
        "ines rode to the market. ines took the kite. otto walked to the mill. ines handed the "
        "kite to pavel. ines took the lantern. who got the kite? pavel 3");
  CHECK(text_of(tasks[4].test[0]) ==
        "ines found the lantern. ines hurried to the meadow. ines took the kite. ines hurried to "
        "the library. runa rode to the mill. runa walked to the market. ines hurried to the barn. "
        "how many things does ines carry? two 2 0");
  CHECK(text_of(tasks[6].test[0]) ==
        "the harbour is east of the library. the market is north of the harbour. which way leads "
        "from the harbour to the market? north 1");
  CHECK(text_of(stories(2, one)[0].test[0]) != text_of(tasks[0].test[0]));
}

TEST_CASE("stories: the test is the same for every number to train on, and apart from it" *
          doctest::test_suite("long")) {
  const auto few = stories(3, {.train = 50, .val = 20, .test = 30});
  const auto many = stories(3, {.train = 500, .val = 20, .test = 30});
  REQUIRE(few.size() == 7);
  for (size_t t = 0; t < few.size(); ++t) {
    CAPTURE(few[t].name);
    CHECK(few[t].number == static_cast<int64_t>(t) + 1);
    CHECK(few[t].train.size() == 50);
    CHECK(few[t].val.size() == 20);
    REQUIRE(few[t].test.size() == 30);
    std::set<std::string> seen;
    for (const auto* part : {&many[t].train, &many[t].val, &many[t].test})
      for (const StoryQuestion& asked : *part) CHECK(seen.insert(text_of(asked)).second);
    CHECK(text_of(few[t].test[29]) == text_of(many[t].test[29]));
    CHECK(text_of(few[t].val[19]) == text_of(many[t].val[19]));
    CHECK(text_of(few[t].train[49]) == text_of(many[t].train[49]));
  }
}

TEST_CASE("stories: answers follow from the story, and from the supports alone" *
          doctest::test_suite("long")) {
  for (const StoryTask& task : stories(4))
    for (const StoryQuestion& asked : task.train) {
      const std::string text = text_of(asked);
      CAPTURE(text);
      CHECK(asked.said >= 2);
      CHECK(asked.said <= 12);
      CHECK(asked.said == static_cast<int64_t>(asked.story->size()));
      CHECK(Reader(asked, up_to(asked.said)).answer(asked.question) == asked.answer);
      std::vector<int64_t> supports = asked.supports;
      std::sort(supports.begin(), supports.end());
      CHECK(!supports.empty());
      CHECK(Reader(asked, supports).answer(asked.question) == asked.answer);
      if (task.name == "thing") CHECK(supports.size() == 2);
      if (task.name == "path") CHECK(supports.size() == asked.answer.size());
    }
}

TEST_CASE("stories: answers are even, words few, and all kinds joined" *
          doctest::test_suite("long")) {
  const auto tasks = stories(5);
  CHECK(tasks[0].train.size() == 1000);
  std::set<std::string> words;
  for (const StoryTask& task : tasks) {
    std::map<std::string, int64_t> counts;
    for (const StoryQuestion& asked : task.train) {
      ++counts[asked.answer.size() == 2 ? "two words" : asked.answer[0]];
      for (const auto& sentence : asked.sentences()) words.insert(sentence.begin(), sentence.end());
      words.insert(asked.question.begin(), asked.question.end());
    }
    for (const auto& counted : counts) {
      CAPTURE(counted.first);
      CHECK(counted.second > (task.name == "carrying" ? 50 : 120));
    }
    if (task.name == "yes-no") CHECK(std::abs(counts["yes"] - 500) < 60);
  }
  CHECK(words.size() < 50);
  CHECK(story_vocab(tasks).contains("basket,kite"));
}

TEST_CASE("stories refuse a number out of range") {
  const auto refusal = [](const StoriesOptions& options) {
    return testing::error_of<ValueError>([&] { stories(1, options); });
  };
  CHECK(refusal({.train = 0}) == "stories: a number of questions is 0; it must be in 1..100000");
  CHECK(refusal({.val = -1}) == "stories: a number of questions is -1; it must be in 1..100000");
  CHECK(refusal({.test = 100'001}) ==
        "stories: a number of questions is 100001; it must be in 1..100000");
}

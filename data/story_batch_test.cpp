#include "tapehead/data/story_batch.h"

#include <doctest/doctest.h>

#include <set>

#include "tapehead/core/error.h"
#include "tapehead/tests/expect.h"

namespace tapehead::story_batch_test {

using testing::error_of;

namespace {

using Ids = std::vector<int64_t>;

const std::vector<data::Story> kStories{
    {{{5, 6}, {7, 8, 9}, {5}}, {6, 7}, 3, {0, 2}},
    {{{4}}, {9, 9, 9}, 2, {}},
};

data::StoryBatch batch(const Ids& which, const data::StoryBatchOptions& o = {}) {
  return data::story_batch(kStories, which, o);
}

}  // namespace

TEST_CASE("stories are padded at their ends") {
  const data::StoryBatch b = batch({0, 1});
  CHECK(b.story.shape() == Shape{2, 3, 3});
  CHECK(b.story.to_vector<int64_t>() == Ids{5, 6, 0, 7, 8, 9, 5, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0});
  CHECK(b.sentences.to_vector<int64_t>() == Ids{3, 1});
  CHECK(b.ages.to_vector<int64_t>() == Ids{2, 1, 0, 0, 0, 0});
  CHECK(b.question.to_vector<int64_t>() == Ids{6, 7, 0, 9, 9, 9});
  CHECK(b.answer.to_vector<int64_t>() == Ids{3, 2});
  CHECK(b.supports.to_vector<int64_t>() == Ids{0, 2, -1, -1});
  CHECK(b.words.to_vector<int64_t>() == Ids{5, 6, 7, 8, 9, 5, 6, 7, 4, 9, 9, 9, 0, 0, 0, 0});
  CHECK(b.lengths.to_vector<int64_t>() == Ids{8, 4});
}

TEST_CASE("of a long story the last sentences are kept") {
  const data::StoryBatch b = batch({0}, {.memory = 2});
  CHECK(b.story.to_vector<int64_t>() == Ids{7, 8, 9, 5, 0, 0});
  CHECK(b.ages.to_vector<int64_t>() == Ids{1, 0});
  CHECK(b.supports.to_vector<int64_t>() == Ids{-1, 1});
  CHECK(b.words.to_vector<int64_t>() == Ids{7, 8, 9, 5, 6, 7});
}

TEST_CASE("noise leaves gaps between ages, and their order") {
  const std::vector<data::Story> one{{std::vector<Ids>(10, {1}), {1}, 1, {}}};
  std::set<int64_t> oldest;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const Ids which{0};
    const auto ages = data::story_batch(one, which, {.memory = 12, .time_noise = 0.5, .seed = seed})
                          .ages.to_vector<int64_t>();
    REQUIRE(ages.size() == 10);
    for (size_t i = 1; i < 10; ++i) REQUIRE(ages[i] < ages[i - 1]);
    REQUIRE(ages.back() >= 0);
    REQUIRE(ages.front() < 12);
    oldest.insert(ages.front());
  }
  CHECK(oldest == std::set<int64_t>{9, 10, 11});  // two gaps at most: more do not fit
}

TEST_CASE("what is no story is refused") {
  const auto of = [](const data::Story& s, const data::StoryBatchOptions& o = {}) {
    const std::vector<data::Story> one{s};
    const Ids which{0};
    data::story_batch(one, which, o);
  };
  CHECK(error_of<ValueError>([&] {
          of({{}, {1}, 1, {}});
        }) ==
        "story_batch: story 0 has 0 sentences and a question of 1 words; it needs one of each");
  CHECK(error_of<IndexError>([&] {
          of({{{3, 0}}, {1}, 1, {}});
        }) == "story_batch: story 0 has the id 0; ids are 1 or more");
  CHECK(error_of<IndexError>([&] {
          of({{{3}}, {1}, 1, {1}});
        }) == "story_batch: story 0 has the support 1, outside 0..0");
  CHECK(error_of<ValueError>([&] {
          of({{{3}}, {1}, 1, {}}, {.memory = -1});
        }) ==
        "story_batch: memory = -1 and time_noise = 0; they must be 0 or more, noise 1 at most");
}

}  // namespace tapehead::story_batch_test

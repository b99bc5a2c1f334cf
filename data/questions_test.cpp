#include "tapehead/data/questions.h"

#include <doctest/doctest.h>

#include "tapehead/core/error.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using namespace tapehead::data;
using tapehead::testing::error_of;

namespace {

using Words = StoryQuestion::Words;

const auto kStory = std::make_shared<const std::vector<Words>>(
    std::vector<Words>{{"ada", "is", "home"}, {"ben", "is", "out"}, {"cleo", "is", "home"}});

StoryTask task_of(int64_t number) {
  StoryTask task{number, "who", {}, {}, {}};
  task.train = {{kStory, 1, {"who", "is", "home"}, {"ada"}, {0}},
                {kStory, 3, {"who", "is", "home"}, {"ada", "cleo"}, {0, 2}}};
  return task;
}

}  // namespace

TEST_CASE("story_words: lower case, white space, no punctuation at the end") {
  CHECK(story_words("Mary got the MILK there.") == Words{"mary", "got", "the", "milk", "there"});
  CHECK(story_words(" Where\tis  Dr. Grün ? ") == Words{"where", "is", "dr.", "grün"});
  CHECK(story_words("wait, what?!...") == Words{"wait,", "what"});
  CHECK(story_words("सीता कहाँ है।") == Words{"सीता", "कहाँ", "है"});
  CHECK(story_words(" .?! \t") == Words{});
  CHECK(story_words("") == Words{});
  CHECK_THROWS_AS(story_words("a \xff"), FormatError);
}

TEST_CASE("a question sees the sentences before it, and shares its story") {
  const StoryTask task = task_of(1);
  CHECK(task.train[0].sentences().size() == 1);
  CHECK(task.train[1].sentences().size() == 3);
  CHECK(task.train[0].sentences().data() == task.train[1].sentences().data());
  CHECK(task.train[0].answer_token() == "ada");
  CHECK(task.train[1].answer_token() == "ada,cleo");
}

TEST_CASE("story_vocab: words and joined answers, each story once, in any order of tasks") {
  const StoryTask one = task_of(1);
  const Vocab vocab = story_vocab({&one, 1});
  CHECK(vocab.to_text() ==
        "tapehead vocabulary 1\ntokens 8\nis\nhome\nada\ncleo\nwho\nada,cleo\nben\nout\n");
  StoryTask other{
      2, "other", {}, {{kStory, 1, {"zoe"}, {"zoe"}, {}}}, {{kStory, 1, {"yes"}, {}, {}}}};
  CHECK(story_vocab(std::vector{one, other}).to_text() ==
        story_vocab(std::vector{other, one}).to_text());
  CHECK(story_vocab(std::vector{one, other}).contains("zoe"));
  CHECK(story_vocab(std::vector{one, other}).contains("yes"));
}

TEST_CASE("story_ids: ids of words, and one of the whole answer") {
  const StoryTask task = task_of(1);
  const Vocab vocab = story_vocab({&task, 1});
  const Story ids = story_ids(task.train[1], vocab);
  REQUIRE(ids.sentences.size() == 3);
  CHECK(vocab.decode(ids.sentences[1]) == Words{"ben", "is", "out"});
  CHECK(vocab.decode(ids.question) == Words{"who", "is", "home"});
  CHECK(vocab.token(ids.answer) == "ada,cleo");
  CHECK(ids.supports == std::vector<int64_t>{0, 2});
  CHECK(story_ids(task.train[0], vocab).sentences.size() == 1);
  CHECK(story_ids({kStory, 1, {"who"}, {}, {}}, vocab).answer == 0);
}

TEST_CASE("story_ids: a word that is unknown") {
  const StoryTask task = task_of(1);
  const Vocab vocab = story_vocab({&task, 1});
  const auto refusal = [&](const Words& question, const Words& answer) {
    return error_of<ValueError>([&] { story_ids({kStory, 1, question, answer, {}}, vocab); });
  };
  CHECK(refusal({"who", "is", "hoem"}, {}) ==
        "story_ids: 'hoem' is not in the vocabulary; did you mean 'home'?");
  CHECK(refusal({"elephants"}, {}) == "story_ids: 'elephants' is not in the vocabulary");
  CHECK(refusal({"<pad>"}, {}) == "story_ids: '<pad>' is not in the vocabulary");
  CHECK(refusal({"who"}, {"ben", "ada"}) == "story_ids: 'ben,ada' is not in the vocabulary");
}

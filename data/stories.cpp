#include "tapehead/data/stories.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <unordered_set>

#include "tapehead/core/error.h"
#include "tapehead/data/detail/splitmix.h"

namespace tapehead::data {
namespace {

constexpr std::string_view kPeople[] = {"ines", "otto", "pavel", "runa"};
struct Place {
  std::string_view name;
  bool indoors;
};
constexpr Place kStoryPlaces[] = {{"barn", true},     {"library", true}, {"mill", true},
                                  {"harbour", false}, {"market", false}, {"meadow", false}};
constexpr std::string_view kStoryThings[] = {"basket", "compass", "kite",
                                             "lantern"};  // in byte order
constexpr std::string_view kGo[] = {"walked to", "hurried to", "rode to"};
constexpr std::string_view kTake[] = {"found", "took"};
constexpr std::string_view kGive[] = {"gave", "handed"};
constexpr int64_t kNobody = -1, kNever = -1;
constexpr int64_t kHands = 2;

template <class T, size_t N>
int64_t any(SplitMix& random, const T (&)[N]) {
  return random.below(static_cast<int64_t>(N));
}

/// The positions of people and things, and the sentences that state them.
struct World {
  struct Person {
    int64_t place = kNever;
    int64_t went = kNever;   // the last sentence in which the person went somewhere
    int64_t named = kNever;  // the last sentence about the person
  };
  struct Thing {
    int64_t holder = kNobody;
    int64_t came = kNever;    // the sentence in which it came to the holder
    int64_t giver = kNobody;  // the last one who gave it away
    int64_t gifts = 0;
  };
  Person people[std::size(kPeople)];
  Thing things[std::size(kStoryThings)];
  std::vector<StoryQuestion::Words> sentences;

  std::vector<int64_t> things_of(int64_t person) const {
    std::vector<int64_t> all;
    for (size_t i = 0; i < std::size(things); ++i)
      if (things[i].holder == person) all.push_back(static_cast<int64_t>(i));
    return all;
  }

  /// Adds a sentence: a person goes to a place, takes a thing or, if possible, gives one to another
  /// person.
  void go_on(SplitMix& random, bool gifts) {
    const int64_t who = any(random, kPeople), other = any(random, kPeople);
    const int64_t what = any(random, kStoryThings), deed = random.below(4);
    const bool room = std::ssize(things_of(who)) < kHands;
    if (deed == 0 && room && things[what].holder == kNobody) take(random, who, what);
    else if (gifts && deed == 1 && room && other != who && std::ssize(things_of(other)) > 0)
      give(random, other, things_of(other)[0], who);
    else go(random, who);
  }

 private:
  int64_t now() const { return std::ssize(sentences); }

  void go(SplitMix& random, int64_t who) {
    int64_t place = any(random, kStoryPlaces);
    while (place == people[who].place) place = any(random, kStoryPlaces);
    people[who] = {place, now(), now()};
    sentences.push_back(story_words(
        fmt::format("{} {} the {}", kPeople[who], random.pick(kGo), kStoryPlaces[place].name)));
  }

  void take(SplitMix& random, int64_t who, int64_t what) {
    things[what] = {who, now(), kNobody, 0};
    people[who].named = now();
    sentences.push_back(story_words(
        fmt::format("{} {} the {}", kPeople[who], random.pick(kTake), kStoryThings[what])));
  }

  void give(SplitMix& random, int64_t from, int64_t what, int64_t to) {
    things[what] = {to, now(), from, things[what].gifts + 1};
    people[from].named = people[to].named = now();
    sentences.push_back(story_words(fmt::format(
        "{} {} the {} to {}", kPeople[from], random.pick(kGive), kStoryThings[what], kPeople[to])));
  }
};

struct Asked {
  std::string question;
  StoryQuestion::Words answer;
  std::vector<int64_t> supports;
};

/// A question of one kind about the world; none if there is nothing to ask. `choice`, in 0..5,
/// balances the answers: it is kept while worlds are tried.
using Ask = std::optional<Asked> (*)(const World&, SplitMix&, int64_t choice);

std::optional<Asked> ask_person(const World& world, SplitMix& random, int64_t) {
  const int64_t who = any(random, kPeople);
  const World::Person& person = world.people[who];
  if (person.went == kNever) return {};
  return Asked{fmt::format("where is {}", kPeople[who]),
               {std::string(kStoryPlaces[person.place].name)},
               {person.went}};
}

std::optional<Asked> ask_thing(const World& world, SplitMix& random, int64_t) {
  const int64_t what = any(random, kStoryThings);
  const World::Thing& thing = world.things[what];
  if (thing.holder == kNobody) return {};
  const World::Person& holder = world.people[thing.holder];
  if (holder.went == kNever) return {};
  return Asked{fmt::format("where is the {}", kStoryThings[what]),
               {std::string(kStoryPlaces[holder.place].name)},
               {thing.came, holder.went}};
}

std::optional<Asked> ask_yes_no(const World& world, SplitMix& random, int64_t choice) {
  const int64_t who = any(random, kPeople);
  const World::Person& person = world.people[who];
  const bool yes = choice % 2 == 0;
  if (person.went == kNever || yes != kStoryPlaces[person.place].indoors) return {};
  return Asked{fmt::format("is {} indoors", kPeople[who]), {yes ? "yes" : "no"}, {person.went}};
}

std::optional<Asked> ask_giving(const World& world, SplitMix& random, int64_t choice) {
  const int64_t what = any(random, kStoryThings);
  const World::Thing& thing = world.things[what];
  if (thing.gifts != 1) return {};
  const bool giver = choice % 2 == 0;
  return Asked{fmt::format("who {} the {}", giver ? "gave away" : "got", kStoryThings[what]),
               {std::string(kPeople[giver ? thing.giver : thing.holder])},
               {thing.came}};
}

/// A question about a person who carries choice % 3 things, with the supporting sentences.
std::optional<Asked> ask_hands(const World& world, SplitMix& random, int64_t choice,
                               std::string_view question) {
  const int64_t who = any(random, kPeople);
  const World::Person& person = world.people[who];
  const std::vector<int64_t> carried = world.things_of(who);
  if (person.named == kNever || std::ssize(carried) != choice % (kHands + 1)) return {};
  Asked asked{fmt::format("{} does {} carry", question, kPeople[who]), {}, {}};
  for (const int64_t what : carried) {
    asked.answer.emplace_back(kStoryThings[what]);
    asked.supports.push_back(world.things[what].came);
  }
  if (carried.empty()) asked.supports.push_back(person.named);
  return asked;
}

std::optional<Asked> ask_counting(const World& world, SplitMix& random, int64_t choice) {
  constexpr std::string_view kNumbers[] = {"none", "one", "two"};
  auto asked = ask_hands(world, random, choice, "how many things");
  if (asked) asked->answer = {std::string(kNumbers[asked->answer.size()])};
  return asked;
}

std::optional<Asked> ask_carrying(const World& world, SplitMix& random, int64_t choice) {
  auto asked = ask_hands(world, random, choice, "what");
  if (asked && asked->answer.empty()) asked->answer = {"nothing"};
  return asked;
}

struct Told {
  std::vector<StoryQuestion::Words> sentences;
  Asked asked;
};

/// A story about people and things, and a question.
template <Ask ask, bool gifts = false>
std::optional<Told> tell_events(SplitMix& random, int64_t choice) {
  World world;
  const int64_t length = 2 + std::min(random.below(11), random.below(11));
  while (std::ssize(world.sentences) < length) world.go_on(random, gifts);
  auto asked = ask(world, random, choice);
  if (!asked) return {};
  return Told{std::move(world.sentences), std::move(*asked)};
}

constexpr std::string_view kWays[] = {"north", "east", "south", "west"};

/// A story with the direction from each place to the next, in random order, and a question about
/// the path of one or two steps between two places.
std::optional<Told> tell_path(SplitMix& random, int64_t choice) {
  const int64_t facts = 2 + random.below(2);
  std::vector<int64_t> places;
  std::vector<int64_t> ways;   // the direction from each place to the next
  std::vector<int64_t> order;  // the order of the sentences
  while (std::ssize(places) <= facts)
    if (const int64_t place = any(random, kStoryPlaces); !std::ranges::count(places, place))
      places.push_back(place);
  while (std::ssize(ways) < facts)
    if (const int64_t way = any(random, kWays); ways.empty() || way != (ways.back() + 2) % 4)
      ways.push_back(way);  // never straight back
  for (int64_t fact = 0; fact < facts; ++fact)
    order.insert(order.begin() + random.below(fact + 1), fact);

  const auto place = [&](int64_t i) { return kStoryPlaces[places[static_cast<size_t>(i)]].name; };
  const auto way = [&](int64_t i) { return kWays[ways[static_cast<size_t>(i)]]; };
  Told told;
  for (const int64_t i : order)
    told.sentences.push_back(
        story_words(fmt::format("the {} is {} of the {}", place(i + 1), way(i), place(i))));
  const int64_t steps = choice % 3 == 0 ? 2 : 1, from = random.below(facts - steps + 1);
  told.asked.question =
      fmt::format("which way leads from the {} to the {}", place(from), place(from + steps));
  for (int64_t i = from; i < from + steps; ++i) {
    told.asked.answer.emplace_back(way(i));
    told.asked.supports.push_back(std::ranges::find(order, i) - order.begin());
  }
  return told;
}

struct Kind {
  std::string_view name;
  /// A story and a question about it; none to try again. For `choice`, see Ask.
  std::optional<Told> (*tell)(SplitMix&, int64_t choice);
};
constexpr Kind kKinds[] = {{"person", tell_events<ask_person>},
                           {"thing", tell_events<ask_thing>},
                           {"yes-no", tell_events<ask_yes_no>},
                           {"giving", tell_events<ask_giving, true>},
                           {"counting", tell_events<ask_counting>},
                           {"carrying", tell_events<ask_carrying>},
                           {"path", tell_path}};

StoryQuestion make(const Kind& kind, SplitMix& random) {
  const int64_t choice = random.below(6);
  std::optional<Told> told;
  while (!told) told = kind.tell(random, choice);
  const int64_t said = std::ssize(told->sentences);
  return {std::make_shared<std::vector<StoryQuestion::Words>>(std::move(told->sentences)), said,
          story_words(told->asked.question), std::move(told->asked.answer),
          std::move(told->asked.supports)};
}

/// All words in one line, to compare stories.
std::string text_of(const StoryQuestion& asked) {
  std::string text = fmt::format("{}", fmt::join(asked.question, " "));
  for (const auto& sentence : asked.sentences())
    text += fmt::format(". {}", fmt::join(sentence, " "));
  return text;
}

}  // namespace

std::vector<StoryTask> stories(uint64_t seed, const StoriesOptions& options) {
  constexpr int64_t kMost = 100'000;
  for (const int64_t count : {options.train, options.val, options.test})
    if (count < 1 || count > kMost)
      throw ValueError(
          fmt::format("stories: a number of questions is {}; it must be in 1..{}", count, kMost));
  std::vector<StoryTask> tasks;
  for (const Kind& kind : kKinds) {
    StoryTask task{std::ssize(tasks) + 1, std::string(kind.name), {}, {}, {}};
    SplitMix random(SplitMix::hash(SplitMix::hash(seed) + static_cast<uint64_t>(task.number)));
    std::unordered_set<std::string> seen;
    const auto fill = [&](std::vector<StoryQuestion>& part, int64_t count) {
      while (std::ssize(part) < count)
        if (StoryQuestion asked = make(kind, random); seen.insert(text_of(asked)).second)
          part.push_back(std::move(asked));
    };
    fill(task.test, options.test);
    fill(task.val, options.val);
    fill(task.train, options.train);
    tasks.push_back(std::move(task));
  }
  return tasks;
}

}  // namespace tapehead::data

#include "tapehead/data/tales.h"

#include <fmt/format.h>

#include <string_view>

#include "tapehead/core/error.h"
#include "tapehead/data/detail/splitmix.h"

namespace tapehead::data {
namespace {

struct Animal {
  std::string_view name, she, her;
};
constexpr Animal kAnimals[] = {
    {"fox", "she", "her"}, {"bear", "he", "his"},   {"crow", "she", "her"},  {"hare", "he", "his"},
    {"owl", "she", "her"}, {"badger", "he", "his"}, {"mouse", "she", "her"}, {"wolf", "he", "his"},
    {"hen", "she", "her"}, {"toad", "he", "his"},   {"otter", "she", "her"}, {"goat", "he", "his"}};
constexpr std::string_view kLostThings[] = {"lamp",  "boots", "key",   "crown", "basket", "map",
                                            "flute", "ring",  "scarf", "bell",  "ladder", "spoon"};
constexpr std::string_view kHidingPlaces[] = {"bridge", "oak",   "old wall", "haystack",
                                              "boat",   "table", "stone",    "cart",
                                              "stairs", "bed",   "fence",    "roof"};
constexpr std::string_view kTimes[] = {"One morning", "Last night", "In winter", "One day",
                                       "On Sunday",   "Long ago",   "At noon",   "In May"};
constexpr std::string_view kWhere[] = {"under", "behind", "near", "below"};

std::string capital(std::string_view word) {
  std::string text(word);
  text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string tale(SplitMix& random) {
  const Animal& who = random.pick(kAnimals);
  const Animal* other = &random.pick(kAnimals);
  while (other == &who) other = &random.pick(kAnimals);
  const std::string_view time = random.pick(kTimes);
  const std::string_view thing = random.pick(kLostThings);
  const std::string_view where = random.pick(kWhere);
  const std::string_view place = random.pick(kHidingPlaces);
  const bool many = thing.back() == 's';
  return fmt::format(
      "{} the {} lost {} {}. {} asked the {}: have you seen my {}? The {} said: {} {} the {}. So "
      "the {} went to the {} and found {} {}.\n",
      time, who.name, who.her, thing, capital(who.she), other->name, thing, other->name,
      many ? "they are" : "it is", where, place, who.name, place, who.her, thing);
}

}  // namespace

std::string tales(uint64_t seed, int64_t count) {
  if (count < 1 || count > 1'000'000)
    throw ValueError(fmt::format("tales: the count is {}; it must be in 1..1,000,000", count));
  SplitMix random(seed);
  std::string text;
  for (int64_t i = 0; i < count; ++i) text += tale(random);
  return text;
}

}  // namespace tapehead::data

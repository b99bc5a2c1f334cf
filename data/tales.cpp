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
constexpr std::string_view kThings[] = {"lamp",  "boots", "key",   "crown", "basket", "map",
                                        "flute", "ring",  "scarf", "bell",  "ladder", "spoon"};
constexpr std::string_view kPlaces[] = {"bridge", "oak",  "old wall", "haystack", "boat",  "table",
                                        "stone",  "cart", "stairs",   "bed",      "fence", "roof"};
constexpr std::string_view kTimes[] = {"One morning", "Last night", "In winter", "One day",
                                       "On Sunday",   "Long ago",   "At noon",   "In May"};
constexpr std::string_view kWhere[] = {"under", "behind", "near", "below"};

std::string capital(std::string_view word) {
  std::string text(word);
  text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

template <class T, size_t N>
const T& pick(SplitMix& random, const T (&list)[N]) {
  return list[random.below(static_cast<int64_t>(N))];
}

std::string tale(SplitMix& random) {
  const Animal& who = pick(random, kAnimals);
  const Animal* other = &pick(random, kAnimals);
  while (other == &who) other = &pick(random, kAnimals);
  const std::string_view time = pick(random, kTimes);
  const std::string_view thing = pick(random, kThings);
  const std::string_view where = pick(random, kWhere);
  const std::string_view place = pick(random, kPlaces);
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

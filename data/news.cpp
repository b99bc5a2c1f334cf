// The generated news of summaries.h.
#include <fmt/format.h>

#include <string_view>
#include <unordered_set>

#include "tapehead/core/error.h"
#include "tapehead/data/detail/splitmix.h"
#include "tapehead/data/summaries.h"

namespace tapehead::data {
namespace {

constexpr std::string_view kOnsets[] = {"b",  "br", "d",  "dr", "f", "g", "gr",  "h",
                                        "k",  "kl", "l",  "m",  "n", "p", "r",   "s",
                                        "st", "t",  "tr", "v",  "w", "z", "sch", "th"};
constexpr std::string_view kVowels[] = {"a", "e", "i", "o", "u", "ei", "au", "y"};
constexpr std::string_view kCodas[] = {"", "", "", "l", "n", "r", "s", "m", "nd", "rk", "st", "x"};
constexpr std::string_view kDays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                      "Friday", "Saturday", "Sunday"};
constexpr std::string_view kHouses[] = {"school", "library",   "bakery", "theatre",
                                        "mill",   "station",   "museum", "hospital",
                                        "hotel",  "town hall", "cinema", "brewery"};
constexpr std::string_view kTreasures[] = {"gold ring",  "Roman coin",   "old sword",
                                           "silver cup", "stone head",   "whale bone",
                                           "war bomb",   "lost painting"};
constexpr std::string_view kGames[] = {"football", "chess", "handball", "hockey", "rowing"};
constexpr std::string_view kTitles[] = {"Ms", "Mr", "Dr", "Professor"};

/// Templates of headlines and first sentences. %T the town of the news, %O and %X others; %P the
/// person, %Q and %Y others; %H a house, %G a thing, %S a sport, %D a day.
struct Event {
  std::string_view summary, told[3];
};
constexpr Event kEvents[] = {
    {"Fire destroys %H in %T",
     {"The %H of %T burned down on %D night.",
      "On %D flames were seen above the %H in the centre of %T, and by noon nothing was left of "
      "it.",
      "%Q lost everything when fire broke out in the %H of %T."}},
    {"%P is elected mayor of %T",
     {"The people of %T chose a new mayor on %D: %P had a few votes more than %Q.",
      "%Q has lost the election in %T, and the next mayor will be %P.",
      "With %P the town of %T has a mayor from %O for the first time."}},
    {"New %H opens in %T",
     {"After three years of work %T has a new %H, which %Q opened on %D.",
      "%Q, who paid for it, cut the ribbon of the new %H of %T.",
      "Hundreds came from %O on %D to see the new %H that %T had waited for."}},
    {"%T beats %O in %S final",
     {"%O lost the final of the %S league against %T on %D.",
      "In the last minute %Q won the %S final for %T, and %O went home without the cup.",
      "The %S cup goes to %T: the final against %O was decided on %D."}},
    {"%P finds %G near %T",
     {"%P was digging in a garden near %T when the spade hit a %G.",
      "A %G lay under a road near %T until %P saw it on %D.",
      "%Q did not believe it when %P came back from %T with a %G."}},
    {"Storm cuts road from %T to %O",
     {"Trees that fell in the storm on %D lie across the road from %T to %O.",
      "Nobody can drive from %T to %O since the storm took the bridge away.",
      "The bus from %T did not reach %O on %D, because the storm had washed the road away."}}};

constexpr std::string_view kAsides[] = {
    "It rained in %X all %D.",
    "%Y from %X, who saw it first, called for help.",
    "The mayor of %X said that this could not happen there.",
    "Nobody knows what it will cost.",
    "Nobody was hurt.",
    "%Y, who teaches history in %X, called it a day to remember.",
    "The market of %X was closed on %D.",
    "More will be known on %D, when %Y speaks.",
    "Trains to %X were late again.",
    "The police ask for patience."};

std::string name(SplitMix& random) {
  std::string text;
  for (int64_t left = 2 + random.below(2); left > 0; --left) {
    text += random.pick(kOnsets);
    text += random.pick(kVowels);
    text += random.pick(kCodas);
  }
  text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

/// The names and things in one news item, by letter.
struct Facts {
  std::string of[26];
  std::string& operator[](char letter) { return of[letter - 'A']; }
};

Facts draw_facts(SplitMix& random) {
  Facts facts;
  for (const char town : {'T', 'O', 'X'}) facts[town] = name(random);
  for (const char person : {'P', 'Q', 'Y'})
    facts[person] = fmt::format("{} {}", random.pick(kTitles), name(random));
  facts['H'] = random.pick(kHouses);
  facts['G'] = random.pick(kTreasures);
  facts['S'] = random.pick(kGames);
  return facts;
}

std::string write(std::string_view form, Facts& facts, SplitMix& random) {
  std::string text;
  for (size_t i = 0; i < form.size(); ++i) {
    if (form[i] != '%') text += form[i];
    else if (form[++i] == 'D') text += random.pick(kDays);
    else text += facts[form[i]];
  }
  return text;
}

}  // namespace

ParallelText news(uint64_t seed, int64_t count) {
  constexpr int64_t kMost = 1'000'000, kVal = 500, kTest = 1'000;
  if (count < 1 || count > kMost)
    throw ValueError(fmt::format("news: the count is {}; it must be in 1..1,000,000", count));
  SplitMix random(SplitMix::hash(seed));
  std::unordered_set<std::string> seen;
  const auto fill = [&](ParallelText::Split& split, int64_t size) {
    while (split.size() < size) {
      const Event& event = random.pick(kEvents);
      Facts facts = draw_facts(random);
      const int64_t asides = 2 + random.below(2), place = random.below(asides);
      std::string text;
      for (int64_t i = 0; i <= asides; ++i) {
        if (i > 0) text += ' ';
        text += write(i == place ? random.pick(event.told) : random.pick(kAsides), facts, random);
      }
      if (!seen.insert(text).second) continue;
      split.source.push_back(std::move(text));
      split.target.push_back(write(event.summary, facts, random));
    }
  };
  ParallelText corpus;
  fill(corpus.test, kTest);
  fill(corpus.val, kVal);
  fill(corpus.train, count);
  return corpus;
}

}  // namespace tapehead::data

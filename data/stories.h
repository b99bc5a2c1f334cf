// Generated short stories with questions about people, things and places.
#pragma once

#include <cstdint>
#include <vector>

#include "tapehead/data/questions.h"

namespace tapehead::data {

struct StoriesOptions {
  int64_t train = 1000, val = 200, test = 500;  ///< questions of each kind
};

/// Generates questions of seven kinds, each about a separate story of 2 to 12, mostly few,
/// sentences:
///
///   person    where is otto                    where he went last
///   thing     where is the kite                where its holder went last: two facts
///   yes-no    is otto indoors                  yes in barn, library and mill; balanced
///   giving    who gave away / got the kite     depends on the order of two people in a sentence
///   counting  how many things does otto carry  none, one or two: as many facts
///   carrying  what does otto carry             nothing, one thing, or two in byte order
///   path      which way leads from the mill    one step ("north") or, in a third of the
///             to the barn                      questions, two ("north, east"): two facts
///
/// The vocabulary has less than fifty words. The supports of a thing's place list the fact about
/// its holder first; that of "none" and "nothing" is the last sentence about the person.
/// Deterministic for a given seed on every machine; val and test do not depend on the number of
/// training questions. No pair of story and question occurs twice. Throws ValueError for a number
/// outside 1..100,000.
/// Example: data::stories(1, {.train = 10, .val = 10, .test = 10}).size()  // 7
std::vector<StoryTask> stories(uint64_t seed, const StoriesOptions& options = {});

}  // namespace tapehead::data

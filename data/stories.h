// Little stories and questions about them, which our own code makes: who is where, who has what,
// and how places lie.
#pragma once

#include <cstdint>
#include <vector>

#include "tapehead/data/questions.h"

namespace tapehead::data {

struct StoriesOptions {
  int64_t train = 1000, val = 200, test = 500;  ///< questions of each kind
};

/// Questions of seven kinds, each about a story of its own of 2 to 12 sentences, mostly short ones:
///
///   person    where is otto                    where he went last
///   thing     where is the kite                where the one who has it went last: two facts
///   yes-no    is otto indoors                  in barn, library and mill; half of them yes
///   giving    who gave away / got the kite     of two people in one sentence, in their order
///   counting  how many things does otto carry  none, one or two: as many facts
///   carrying  what does otto carry             nothing, one thing, or two in byte order
///   path      which way leads from the mill    north; or north, east over a third place: a third
///             to the barn                      of the questions, of which two facts say the answer
///
/// Under fifty words make up all of them. Supports of a thing's place say first who has it;
/// that of "none" and "nothing" is the last sentence about the person. The same seed gives the
/// same stories on every machine, and the same val and test for every number to train on; no
/// question comes twice about the same story. Throws ValueError for a number outside 1..100,000.
std::vector<StoryTask> stories(uint64_t seed, const StoriesOptions& options = {});

}  // namespace tapehead::data

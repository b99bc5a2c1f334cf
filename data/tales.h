// Little tales: text that our own code makes, for a language model's first run.
#pragma once

#include <cstdint>
#include <string>

namespace tapehead::data {

/// `count` tales of four sentences, a line each:
///   "One morning the fox lost her lamp. She asked the crow: have you seen my lamp? The crow said:
///   it is under the bridge. So the fox went to the bridge and found her lamp."
/// What was lost, who lost it and where it was come back later in the tale, so that a model has to
/// look back to write it. The same seed gives the same tales on every machine. Throws ValueError
/// for a count outside 1..1,000,000.
std::string tales(uint64_t seed, int64_t count = 4000);

}  // namespace tapehead::data

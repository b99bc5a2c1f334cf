// Generated short tales, for language model examples and tests.
#pragma once

#include <cstdint>
#include <string>

namespace tapehead::data {

/// Generates `count` tales of four sentences, one per line:
///   "One morning the fox lost her lamp. She asked the crow: have you seen my lamp? The crow said:
///   it is under the bridge. So the fox went to the bridge and found her lamp."
/// The person, thing and place are mentioned again later in the tale, so a model needs long-range
/// context to predict them. Deterministic for a given seed on every machine. Throws ValueError for
/// a count outside 1..1,000,000.
/// Example: data::tales(1, 1)
///     // In May the mouse lost her map. She asked the hen: have you seen my map? The hen said: it
///     is behind the bed. So the mouse went to the bed and found her map.
std::string tales(uint64_t seed, int64_t count = 4000);

}  // namespace tapehead::data

// Dates as people write them, with the same dates in ISO 8601: a translation task that our own code
// makes, for the translator's first run and for tests.
#pragma once

#include <cstdint>

#include "tapehead/data/parallel_text.h"

namespace tapehead::data {

/// `count` pairs to train on, 1,000 to validate and 2,000 to test, such as
///   "the 3rd of March, 1998"     1998-03-03
///   "saturday 14 june 2008"      2008-06-14
///   "03.03.98"                   1998-03-03
/// in seventy forms, some in lower or upper case, from 1900 to 2099. A weekday is the right
/// one. What a form leaves open is settled by the form alone:
///   - numbers with points or hyphens have the day first, with slashes the month (03/14/1998), and
///     whatever begins with a year of four digits goes on with the month;
///   - a year of two digits lies within 1969..2068, as POSIX has it.
/// All source strings differ, so those of val and test are not in train. The same seed gives the
/// same pairs on every machine, and the same val and test for every `count`. Throws ValueError for
/// a count outside 1..1,000,000.
ParallelText dates(uint64_t seed, int64_t count = 20'000);

}  // namespace tapehead::data

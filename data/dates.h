// Generated dates in many formats with their ISO 8601 form: a small translation task for examples
// and tests.
#pragma once

#include <cstdint>

#include "tapehead/data/parallel_text.h"

namespace tapehead::data {

/// Generates `count` training pairs, 1,000 validation pairs and 2,000 test pairs, such as
///   "the 3rd of March, 1998"     1998-03-03
///   "saturday 14 june 2008"      2008-06-14
///   "03.03.98"                   1998-03-03
/// in seventy formats, some in lower or upper case, from 1900 to 2099, with correct weekdays. The
/// format determines how ambiguous dates are read:
///   - numbers with points or hyphens have the day first, numbers with slashes the month
///   (03/14/1998), and a four-digit year in front is followed by the month;
///   - a two-digit year lies in 1969..2068, as in POSIX.
/// All source strings are distinct, so val and test do not overlap train. Deterministic for a given
/// seed on every machine; val and test do not depend on `count`. Throws ValueError for a count
/// outside 1..1,000,000.
/// Example: data::dates(1, 200).val.target[0]  // 2075-02-16
ParallelText dates(uint64_t seed, int64_t count = 20'000);

}  // namespace tapehead::data

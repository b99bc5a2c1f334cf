// "Did you mean …?" for names that were not found.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tapehead {

/// The candidate of which `name` is most likely a misspelling, or "" when none is close: at most a
/// third of its letters inserted, deleted, replaced or swapped with a neighbour (the optimal string
/// alignment distance of Damerau, 1964). ASCII case is free; ties go to the first in byte order.
std::string closest_name(std::string_view name, std::span<const std::string> candidates);

/// A pattern (pattern.h) that fits one of the names and of which `pattern` is most likely a
/// misspelling, with its stars where they were: "encodr.*" gives "encoder.*". "" when none is
/// close: as above, of the letters beside the stars.
std::string closest_pattern(std::string_view pattern, std::span<const std::string> names);

}  // namespace tapehead

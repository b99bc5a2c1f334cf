// "Did you mean …?" suggestions for unknown names.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tapehead {

/// The candidate closest to `name`, or "" if none is close: at most a third of its letters may be
/// inserted, deleted, replaced or swapped with a neighbour (the optimal string alignment distance;
/// Damerau, 1964). Case is ignored for ASCII letters; ties go to the first candidate in byte order.
std::string closest_name(std::string_view name, std::span<const std::string> candidates);

/// Corrects the spelling of a pattern (pattern.h) so that it matches one of the names, keeping its
/// stars: "encodr.*" becomes "encoder.*". Returns "" if no name is close, measured as above on the
/// letters other than the stars.
std::string closest_pattern(std::string_view pattern, std::span<const std::string> names);

}  // namespace tapehead

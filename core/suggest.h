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

}  // namespace tapehead

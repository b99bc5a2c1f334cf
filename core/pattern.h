// Name patterns, such as "encoder.*".
#pragma once

#include <string_view>

namespace tapehead {

/// Whether the whole name matches the pattern, in which `*` matches any number of characters.
bool fits_pattern(std::string_view name, std::string_view pattern);

}  // namespace tapehead

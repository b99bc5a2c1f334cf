// Patterns of names: "encoder.*".
#pragma once

#include <string_view>

namespace tapehead {

/// Whether the whole name fits the pattern, in which `*` stands for any characters or none.
bool fits_pattern(std::string_view name, std::string_view pattern);

}  // namespace tapehead

// UTF-8 of files and names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tapehead::core {

/// The offset of the first byte that is not part of well-formed UTF-8 (no surrogates, no overlong
/// forms, nothing above U+10FFFF), or -1.
int64_t find_invalid_utf8(std::string_view text);

/// What keeps a name out of files, whose formats are UTF-8 and whose readers may end names at a
/// NUL: "is not UTF-8 at its byte 2", "holds a NUL"; "" when nothing does.
std::string fault_of_name(std::string_view name);

}  // namespace tapehead::core

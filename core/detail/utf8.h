// UTF-8 validation of text and names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tapehead::core {

/// The offset of the first byte that is not part of well-formed UTF-8 (no surrogates, no overlong
/// forms, nothing above U+10FFFF), or -1.
int64_t find_invalid_utf8(std::string_view text);

/// The reason why a name cannot be stored in files, whose formats require UTF-8 and whose readers
/// may treat NUL as the end: "is not UTF-8 at byte 2", "contains a NUL"; "" if the name is valid.
std::string fault_of_name(std::string_view name);

}  // namespace tapehead::core

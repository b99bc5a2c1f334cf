// What the operating system says of a call that failed.
#pragma once

#include <string>

namespace tapehead::core {

/// The meaning of an errno, with what to do where that is plain: "No space left on device; free
/// some space".
std::string system_error(int error);

}  // namespace tapehead::core

// Descriptions of failed system calls.
#pragma once

#include <string>

namespace tapehead::core {

/// The description of an errno value, with advice where possible: "No space left on device; free
/// some space".
std::string system_error(int error);

}  // namespace tapehead::core

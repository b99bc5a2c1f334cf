// Address space and stack limits, checked before calling code that does not report failed
// allocations.
#pragma once

#include <cstddef>

namespace tapehead::core {

/// Whether the process can currently map that many more bytes. It cannot beyond its limit (ulimit
/// -v) or beyond the memory that the system can commit.
bool has_address_space(size_t bytes);
/// The stack size of a new thread, in bytes.
size_t stack_size();

}  // namespace tapehead::core

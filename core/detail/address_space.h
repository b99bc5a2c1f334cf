// Memory that others take for us, without a word where they cannot have it.
#pragma once

#include <cstddef>

namespace tapehead::core {

/// Whether the process may map that many bytes more now: it may not under a limit (ulimit -v) or
/// where the system has no memory to promise.
bool has_address_space(size_t bytes);
/// The bytes of a new thread's stack.
size_t stack_size();

}  // namespace tapehead::core

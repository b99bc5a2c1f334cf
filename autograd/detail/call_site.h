// Locates the call site in user code, for messages.
#pragma once

#include <string>
#include <vector>

namespace tapehead::detail {

/// The return addresses on the call stack, innermost first. Cheap, since symbols are not resolved.
std::vector<void*> call_stack();

/// A description of the first address outside this library: "by train_step at train.cpp:42" with
/// debug information and `addr2line`, else "by train_step+0x1f" or "at program+0x2a1f".
std::string call_site(const std::vector<void*>& stack);

}  // namespace tapehead::detail

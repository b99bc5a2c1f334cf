// Where in the user's program a call came from.
#pragma once

#include <string>
#include <vector>

namespace tapehead::detail {

/// The return addresses of the calls under way, the innermost first. Cheap; nothing is looked up.
std::vector<void*> call_stack();

/// The first of them outside of this library, for messages: "by train_step at train.cpp:42" with
/// debug information and `addr2line`, else "by train_step+0x1f", "at program+0x2a1f".
std::string call_site(const std::vector<void*>& stack);

}  // namespace tapehead::detail

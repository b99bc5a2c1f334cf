// What fork() would leave behind in the child, which has none of the other threads.
#pragma once

#include <mutex>

namespace tapehead::core {

/// From now on the thread that forks holds the mutex while it does, so that the child does not find
/// it locked by a thread that it does not have. The mutex must live as long as the program, and
/// nobody may wait for another such mutex while they hold it. Gives true, to start a constant with.
bool hold_at_fork(std::mutex& mutex);

}  // namespace tapehead::core

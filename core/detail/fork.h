// Mutexes that stay usable in the child of fork(), which does not inherit the other threads.
#pragma once

#include <mutex>

namespace tapehead::core {

/// Makes every later fork() hold the mutex while it forks, so that the child never inherits it
/// locked by a thread that does not exist there. The mutex must live until the program ends, and no
/// thread may wait for another such mutex while holding one. Returns true, to allow use in a static
/// initialiser.
bool hold_at_fork(std::mutex& mutex);

}  // namespace tapehead::core

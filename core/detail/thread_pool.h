// The threads that take the tasks of parallel regions.
#pragma once

#include <cstdint>

namespace tapehead::core {

/// Calls call(context, task) for 0 <= task < tasks, each in this thread or in one of up to
/// `threads` - 1 others, which start when they are first needed and are kept. Tasks must not throw.
/// Returns when all tasks are done. Another thread is waited for only if it has taken a task: one
/// that gets no core takes none. Within a task of another region, and where no thread can start,
/// the calling thread runs all tasks.
void run_in_pool(int64_t tasks, void (*call)(void* context, int64_t task), void* context,
                 int threads);

}  // namespace tapehead::core

// Threads. How work is cut depends on shapes alone, never on the number of threads, so that results
// keep their bits.
#pragma once

#include <cstdint>

namespace tapehead {

/// The threads that ops use: OMP_NUM_THREADS or set_num_threads().
int num_threads();
void set_num_threads(int threads);

namespace core {

void run_tasks(int64_t tasks, void (*call)(void* context, int64_t task), void* context);

/// Calls f(task) for 0 <= task < tasks, on several threads when there is more than one task.
/// Inside, denormal numbers are flushed to zero. `f` must not throw.
template <class F>
void parallel_for(int64_t tasks, F f) {
  run_tasks(
      tasks, [](void* context, int64_t task) { (*static_cast<F*>(context))(task); }, &f);
}

/// Calls f(begin, end) for pieces of 0..n of `grain` elements (the last may be shorter).
template <class F>
void parallel_range(int64_t n, int64_t grain, F f) {
  parallel_for((n + grain - 1) / grain, [&](int64_t task) {
    const int64_t begin = task * grain;
    f(begin, begin + grain < n ? begin + grain : n);
  });
}

}  // namespace core
}  // namespace tapehead

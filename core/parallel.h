// Multithreading. Work is divided according to shapes alone, never the number of threads, so
// results are bit-for-bit reproducible for any number of threads.
//
// Most ops handle denormal numbers (below 1.2e-38 in f32 and 2.2e-308 in f64) exactly:
// log(softmax(x)) can be -95, and x == 0 agrees with item(). Matrix products, attention and
// optimizer steps flush them to zero, because a denormal operand costs about a hundred cycles on
// many CPUs and does not affect such sums. The choice depends on the op alone, not on the thread
// that runs it or on that thread's floating-point mode.
#pragma once

#include <cstdint>

namespace tapehead {

/// The number of threads that ops use: by default OMP_NUM_THREADS or, if that is not set, the
/// number of CPUs that the process may use, which its affinity and the CPU quota of its container
/// can limit. The threads start with the first op that uses several; a child of fork() starts its
/// own.
int num_threads();
/// Sets the number of threads for all threads of the program; less than 1 means 1.
void set_num_threads(int threads);

namespace core {

/// Whether threads compute with denormal numbers, or take them for 0, which can be faster.
enum class Denormals { keep, flush };

/// Calls call(context, task) for 0 <= task < tasks; see parallel_for().
void run_tasks(int64_t tasks, void (*call)(void* context, int64_t task), void* context,
               Denormals denormals);

/// Calls f(task) for 0 <= task < tasks, on several threads if there is more than one task. If tasks
/// throw, the exception of the lowest-numbered one reaches the caller; later tasks may then not
/// have run.
template <class F>
void parallel_for(int64_t tasks, F f, Denormals denormals = Denormals::keep) {
  run_tasks(
      tasks, [](void* context, int64_t task) { (*static_cast<F*>(context))(task); }, &f, denormals);
}

/// Calls f(begin, end) for consecutive ranges of 0..n of `grain` elements each (the last may be
/// shorter).
template <class F>
void parallel_range(int64_t n, int64_t grain, F f, Denormals denormals = Denormals::keep) {
  parallel_for((n + grain - 1) / grain,
               [&](int64_t task) {
                 const int64_t begin = task * grain;
                 f(begin, begin + grain < n ? begin + grain : n);
               },
               denormals);
}

}  // namespace core
}  // namespace tapehead

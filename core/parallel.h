// Threads. How work is cut depends on shapes alone, never on the number of threads, so that results
// keep their bits.
//
// Denormal numbers, those below 1.2e-38 in f32 and 2.2e-308 in f64, are numbers like others in
// every op but a few: log(softmax(x)) is -95 where it has to be, and x == 0 says the same as
// item(). Matrix products, attention and the optimizers' steps take them for zeros and round to
// zero, where each of them costs a hundred cycles on many CPUs and is lost beside the others
// anyway. Which of the two a task does depends on the op alone, not on the thread that runs it nor
// on the mode that this thread was in.
#pragma once

#include <cstdint>

namespace tapehead {

/// The threads that ops use: OMP_NUM_THREADS or set_num_threads(). It is 1 in a child of fork(),
/// and stays 1, when the thread that forked had used several: the child does not have them.
int num_threads();
void set_num_threads(int threads);

namespace core {

enum class Denormals { keep, flush };

void run_tasks(int64_t tasks, void (*call)(void* context, int64_t task), void* context,
               Denormals denormals);

/// Calls f(task) for 0 <= task < tasks, on several threads when there is more than one task. What
/// the first task throws of those that throw, in the order of their numbers, reaches the caller;
/// later tasks may then not have run.
template <class F>
void parallel_for(int64_t tasks, F f, Denormals denormals = Denormals::keep) {
  run_tasks(
      tasks, [](void* context, int64_t task) { (*static_cast<F*>(context))(task); }, &f, denormals);
}

/// Calls f(begin, end) for pieces of 0..n of `grain` elements (the last may be shorter).
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

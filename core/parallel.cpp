#include "tapehead/core/parallel.h"

#include <omp.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>

#include "tapehead/core/detail/address_space.h"

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace tapehead {
namespace {

// OpenMP keeps the threads that it started for parallel regions of this thread. Records how many
// there are, and whether a fork() left them behind in the parent: a parallel region would wait for
// them forever.
thread_local int team = 1;
thread_local bool team_lost = false;

[[maybe_unused]] const int kAtFork = pthread_atfork(nullptr, nullptr, [] {
  if (team == 1) return;
  team_lost = true;
  omp_set_num_threads(1);
});

}  // namespace

int num_threads() { return omp_get_max_threads(); }
void set_num_threads(int threads) { omp_set_num_threads(team_lost ? 1 : std::max(threads, 1)); }

namespace core {
namespace {

// Grows the team if there is address space for the stacks: OpenMP aborts the program if a thread
// fails to start.
bool resize_team(int threads) {
  if (threads > team && !has_address_space(static_cast<size_t>(threads - team) * stack_size()))
    return false;
  team = threads;
  return true;
}

// Keeps the exception of the lowest-numbered task, so that it does not depend on the threads.
class FirstError {
 public:
  bool comes_after(int64_t task) const { return task < task_.load(std::memory_order_relaxed); }
  void keep(int64_t task) {
    const std::lock_guard lock(mutex_);
    if (!comes_after(task)) return;
    task_.store(task, std::memory_order_relaxed);
    error_ = std::current_exception();
  }
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::mutex mutex_;
  std::atomic<int64_t> task_{INT64_MAX};
  std::exception_ptr error_;
};

// Sets or clears flush-to-zero and denormals-are-zero for this thread in its scope.
class DenormalMode {
#if defined(__SSE2__)
 public:
  explicit DenormalMode(Denormals wanted)
      : before_(_mm_getcsr()),
        inside_(wanted == Denormals::flush ? before_ | kFlush : before_ & ~kFlush) {
    if (inside_ != before_) _mm_setcsr(inside_);
  }
  ~DenormalMode() {
    if (inside_ != before_) _mm_setcsr(before_);
  }
  DenormalMode(const DenormalMode&) = delete;
  DenormalMode& operator=(const DenormalMode&) = delete;

 private:
  static constexpr unsigned kFlush = 0x8040;
  unsigned before_, inside_;
#else
 public:
  explicit DenormalMode(Denormals) {}
#endif
};

}  // namespace

void run_tasks(int64_t tasks, void (*call)(void* context, int64_t task), void* context,
               Denormals denormals) {
  if (tasks <= 1 || omp_in_parallel() || omp_get_max_threads() == 1 ||
      !resize_team(omp_get_max_threads())) {
    const DenormalMode mode(denormals);
    for (int64_t task = 0; task < tasks; ++task) call(context, task);
    return;
  }
  FirstError error;
#pragma omp parallel
  {
    const DenormalMode mode(denormals);
#pragma omp for schedule(dynamic, 1)
    for (int64_t task = 0; task < tasks; ++task) {
      if (!error.comes_after(task)) continue;
      try {
        call(context, task);
      } catch (...) {
        error.keep(task);
      }
    }
  }
  error.rethrow();
}

}  // namespace core
}  // namespace tapehead

#include "tapehead/core/parallel.h"

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <mutex>

#include "tapehead/core/detail/cpus.h"
#include "tapehead/core/detail/one_thread.h"
#include "tapehead/core/detail/thread_pool.h"

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace tapehead {
namespace {

std::atomic<int>& wanted_threads() {
  static std::atomic<int> threads{std::getenv("OMP_NUM_THREADS") ? omp_get_max_threads()
                                                                 : core::available_cpus()};
  return threads;
}

}  // namespace

int num_threads() { return wanted_threads().load(std::memory_order_relaxed); }
void set_num_threads(int threads) { wanted_threads() = std::max(threads, 1); }

namespace core {
namespace {

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
  const int threads = num_threads();
  if (tasks <= 1 || threads == 1) {
    const DenormalMode mode(denormals);
    const OneThread alone;
    for (int64_t task = 0; task < tasks; ++task) call(context, task);
    return;
  }
  struct Region {
    void (*call)(void* context, int64_t task);
    void* context;
    Denormals denormals;
    FirstError error;
  } all{call, context, denormals, {}};
  const auto run = [](void* pointer, int64_t task) {
    Region& region = *static_cast<Region*>(pointer);
    if (!region.error.comes_after(task)) return;
    const DenormalMode mode(region.denormals);
    try {
      region.call(region.context, task);
    } catch (...) {
      region.error.keep(task);
    }
  };
  {
    const OneThread alone;
    run_in_pool(tasks, run, &all, threads);
  }
  all.error.rethrow();
}

}  // namespace core
}  // namespace tapehead

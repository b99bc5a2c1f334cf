#include "tapehead/core/parallel.h"

#include <omp.h>

#include <algorithm>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace tapehead {

int num_threads() { return omp_get_max_threads(); }
void set_num_threads(int threads) { omp_set_num_threads(std::max(threads, 1)); }

namespace core {
namespace {

// Puts this thread into one mode or the other while in scope: flush-to-zero and denormals-are-zero.
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
  if (tasks <= 1 || omp_in_parallel() || omp_get_max_threads() == 1) {
    const DenormalMode mode(denormals);
    for (int64_t task = 0; task < tasks; ++task) call(context, task);
    return;
  }
#pragma omp parallel
  {
    const DenormalMode mode(denormals);
#pragma omp for schedule(dynamic, 1)
    for (int64_t task = 0; task < tasks; ++task) call(context, task);
  }
}

}  // namespace core
}  // namespace tapehead

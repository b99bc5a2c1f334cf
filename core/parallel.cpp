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

// Flush-to-zero and denormals-are-zero while in scope: a saturated softmax is full of denormals,
// each of which costs a hundred cycles.
class FlushDenormals {
#if defined(__SSE2__)
 public:
  FlushDenormals() : before_(_mm_getcsr()) {
    if ((before_ & kFlush) != kFlush) _mm_setcsr(before_ | kFlush);
  }
  ~FlushDenormals() {
    if ((before_ & kFlush) != kFlush) _mm_setcsr(before_);
  }

 private:
  static constexpr unsigned kFlush = 0x8040;
  unsigned before_;
#else
 public:
  FlushDenormals() {}
#endif
};

}  // namespace

void run_tasks(int64_t tasks, void (*call)(void* context, int64_t task), void* context) {
  if (tasks <= 1 || omp_in_parallel() || omp_get_max_threads() == 1) {
    const FlushDenormals guard;
    for (int64_t task = 0; task < tasks; ++task) call(context, task);
    return;
  }
#pragma omp parallel
  {
    const FlushDenormals guard;
#pragma omp for schedule(dynamic, 1)
    for (int64_t task = 0; task < tasks; ++task) call(context, task);
  }
}

}  // namespace core
}  // namespace tapehead

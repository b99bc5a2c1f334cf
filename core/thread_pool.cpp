#include "tapehead/core/detail/thread_pool.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <system_error>
#include <thread>

#include "tapehead/core/detail/one_thread.h"

namespace tapehead::core {
namespace {

using Call = void (*)(void* context, int64_t task);

constexpr int kRegions = 16;  // at a time; the caller of a further one runs all its tasks
// How often an idle thread looks for work before it sleeps: 25 to 100 us. Waking it costs about 10.
constexpr int kSpins = 2000;

inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// The tasks of a parallel region. A thread takes the next task by incrementing state_. Regions are
// used again, so it reads the other members first: its increment succeeds only if they still belong
// to the same use.
class alignas(64) Region {
 public:
  bool reserve() { return !reserved_.load(std::memory_order_relaxed) && !reserved_.exchange(true); }

  void open(uint32_t tasks, Call call, void* context, int threads) {
    const uint64_t use = (state_.load(std::memory_order_relaxed) >> 32) + 1;
    state_.store(use << 32 | UINT32_MAX, std::memory_order_relaxed);  // no task is left
    call_.store(call, std::memory_order_release);
    context_.store(context, std::memory_order_release);
    threads_.store(threads, std::memory_order_release);
    tasks_.store(tasks, std::memory_order_release);
    done_.store(0, std::memory_order_relaxed);
    state_.store(use << 32, std::memory_order_seq_cst);
  }

  // Runs tasks while there are any; returns whether there was one. `thread` is 0 for the caller.
  bool work(int thread) {
    uint32_t count = 0;
    uint64_t state = state_.load(std::memory_order_seq_cst);
    for (;;) {
      const uint32_t tasks = tasks_.load(std::memory_order_acquire);
      const Call call = call_.load(std::memory_order_acquire);
      void* const context = context_.load(std::memory_order_acquire);
      if (static_cast<uint32_t>(state) >= tasks ||
          thread >= threads_.load(std::memory_order_acquire))
        break;
      if (!state_.compare_exchange_weak(state, state + 1, std::memory_order_acq_rel,
                                        std::memory_order_acquire))
        continue;
      call(context, static_cast<uint32_t>(state));
      ++count;
      ++state;
    }
    if (count > 0) {
      done_.fetch_add(count, std::memory_order_seq_cst);
      if (thread > 0 && waited_for_.load(std::memory_order_seq_cst)) done_.notify_one();
    }
    return count > 0;
  }

  // Waits until all tasks are done. The caller has found none left to take.
  void close() {
    const uint32_t tasks = tasks_.load(std::memory_order_relaxed);
    for (int i = 0; i < kSpins && done_.load(std::memory_order_acquire) != tasks; ++i) pause();
    if (done_.load(std::memory_order_acquire) != tasks) {
      waited_for_.store(true, std::memory_order_seq_cst);
      for (uint32_t done; (done = done_.load(std::memory_order_seq_cst)) != tasks;)
        done_.wait(done);
      waited_for_.store(false, std::memory_order_relaxed);
    }
    reserved_.store(false, std::memory_order_release);
  }

 private:
  std::atomic<uint64_t> state_{UINT32_MAX};  // the number of the use << 32 | the next task
  std::atomic<uint32_t> tasks_{0};
  std::atomic<int> threads_{0};
  std::atomic<Call> call_{nullptr};
  std::atomic<void*> context_{nullptr};
  alignas(64) std::atomic<uint32_t> done_{0};
  std::atomic<bool> waited_for_{false}, reserved_{false};
};

thread_local bool in_region = false;

class Pool {
 public:
  // Null if there is no other thread, or no region left.
  Region* reserve(int threads) {
    grow(threads - 1);
    if (workers_.load(std::memory_order_acquire) == 0) return nullptr;
    for (Region& region : regions_)
      if (region.reserve()) return &region;
    return nullptr;
  }

  // Wakes the threads that a region needs.
  void wake(int64_t tasks, int threads) {
    epoch_.fetch_add(1, std::memory_order_seq_cst);
    const int asleep = sleeping_.load(std::memory_order_seq_cst);
    if (asleep == 0) return;
    const int64_t wanted = std::min<int64_t>(tasks, threads) - 1;
    // A single one might not be among the first `threads`.
    if (wanted >= asleep || threads <= workers_.load(std::memory_order_relaxed))
      return epoch_.notify_all();
    for (int64_t i = 0; i < wanted; ++i) epoch_.notify_one();
  }

 private:
  void grow(int wanted) {
    if (workers_.load(std::memory_order_acquire) >= wanted || failed_.load()) return;
    const std::lock_guard lock(mutex_);
    for (int n = workers_; n < wanted; ++n) {
      try {
        std::thread([this, n] { run(n + 1); }).detach();
      } catch (const std::system_error&) {
        failed_ = true;
        return;
      }
      workers_.store(n + 1, std::memory_order_release);
    }
  }

  void run(int thread) {
    const OneThread alone;
    in_region = true;
    for (;;) {
      const uint32_t epoch = epoch_.load(std::memory_order_seq_cst);
      bool worked = false;
      for (Region& region : regions_) worked |= region.work(thread);
      if (worked) continue;
      for (int i = 0; i < kSpins && epoch_.load(std::memory_order_relaxed) == epoch; ++i) pause();
      if (epoch_.load(std::memory_order_relaxed) != epoch) continue;
      sleeping_.fetch_add(1, std::memory_order_seq_cst);
      epoch_.wait(epoch, std::memory_order_seq_cst);
      sleeping_.fetch_sub(1, std::memory_order_relaxed);
    }
  }

  std::array<Region, kRegions> regions_;
  alignas(64) std::atomic<uint32_t> epoch_{0};  // the number of regions so far
  alignas(64) std::atomic<int> sleeping_{0};
  std::atomic<int> workers_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
};

// Never destroyed: its threads run until the process ends.
std::atomic<Pool*> current{nullptr};

Pool& pool() {
  // The child of a fork() does not have the threads, so it starts its own.
  [[maybe_unused]] static const int registered =
      pthread_atfork(nullptr, nullptr, [] { current.store(nullptr); });
  if (Pool* const existing = current.load(std::memory_order_acquire)) return *existing;
  auto* const made = new Pool;
  Pool* existing = nullptr;
  if (current.compare_exchange_strong(existing, made)) return *made;
  delete made;
  return *existing;
}

}  // namespace

void run_in_pool(int64_t tasks, Call call, void* context, int threads) {
  Region* const region = tasks > 1 && tasks < UINT32_MAX && threads > 1 && !in_region
                             ? pool().reserve(threads)
                             : nullptr;
  if (!region) {
    for (int64_t task = 0; task < tasks; ++task) call(context, task);
    return;
  }
  in_region = true;
  region->open(static_cast<uint32_t>(tasks), call, context, threads);
  pool().wake(tasks, threads);
  region->work(0);
  region->close();
  in_region = false;
}

}  // namespace tapehead::core

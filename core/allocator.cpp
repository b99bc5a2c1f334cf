#include "tapehead/core/allocator.h"

#include <atomic>
#include <bit>
#include <cstdlib>
#include <mutex>
#include <new>
#include <vector>

namespace tapehead {
namespace {

constexpr size_t kAlign = 64;
constexpr size_t kSmallMax =
    1024;  // up to here blocks are multiples of 64 and cached by each thread
constexpr size_t kSmallClasses = kSmallMax / kAlign;
constexpr int kStepsPerDoubling = 8;  // above, a block is at most an eighth larger than asked for
constexpr size_t kLargeClasses = 64 * kStepsPerDoubling;

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kCaching = false;  // a cached block would hide its use after release
#else
constexpr bool kCaching = true;
#endif

std::atomic<int64_t> live{0}, peak{0}, cached{0};

void count_live(int64_t bytes) {
  const int64_t now = live.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  int64_t seen = peak.load(std::memory_order_relaxed);
  while (now > seen && !peak.compare_exchange_weak(seen, now, std::memory_order_relaxed)) {
  }
}

void* system_allocate(size_t bytes) {
  void* block = std::aligned_alloc(kAlign, bytes);
  if (!block) {
    release_cached_memory();
    block = std::aligned_alloc(kAlign, bytes);
  }
  if (!block) throw std::bad_alloc();
  return block;
}

struct FreeBlock {
  FreeBlock* next;
};

// Free small blocks of one thread. Trivially destructible, so that objects which outlive the
// thread's own destructors can still be released: then `closed` sends their blocks straight to the
// system.
struct SmallCache {
  FreeBlock* head[kSmallClasses];
  bool closed;
};
thread_local SmallCache small_cache;

void drain_small_cache() {
  for (size_t c = 0; c < kSmallClasses; ++c) {
    while (FreeBlock* block = small_cache.head[c]) {
      small_cache.head[c] = block->next;
      cached.fetch_sub(static_cast<int64_t>((c + 1) * kAlign), std::memory_order_relaxed);
      std::free(block);
    }
  }
}

struct SmallCacheCloser {
  ~SmallCacheCloser() {
    drain_small_cache();
    small_cache.closed = true;
  }
  void touch() {}
};
thread_local SmallCacheCloser small_cache_closer;

struct LargeClass {
  size_t index;
  size_t bytes;
};

LargeClass large_class(size_t bytes) {
  const int log = std::bit_width(bytes - 1) - 1;  // 2^log < bytes <= 2^(log+1)
  const size_t step = (size_t{1} << log) / kStepsPerDoubling;
  const size_t above = (bytes - (size_t{1} << log) + step - 1) / step;  // 1..kStepsPerDoubling
  return {static_cast<size_t>(log) * kStepsPerDoubling + above - 1,
          (size_t{1} << log) + above * step};
}

struct LargeCache {
  std::mutex mutex;
  std::vector<void*> free[kLargeClasses];
};

// Never destroyed: tensors with static storage may be released after every other destructor.
LargeCache& large_cache() {
  static auto* cache = new LargeCache;
  return *cache;
}

void* allocate_large(size_t bytes) {
  const LargeClass c = large_class(bytes);
  count_live(static_cast<int64_t>(c.bytes));
  if (kCaching) {
    LargeCache& cache = large_cache();
    const std::lock_guard lock(cache.mutex);
    auto& list = cache.free[c.index];
    if (!list.empty()) {
      void* block = list.back();
      list.pop_back();
      cached.fetch_sub(static_cast<int64_t>(c.bytes), std::memory_order_relaxed);
      return block;
    }
  }
  try {
    return system_allocate(c.bytes);
  } catch (...) {
    live.fetch_sub(static_cast<int64_t>(c.bytes), std::memory_order_relaxed);
    throw;
  }
}

void deallocate_large(void* block, size_t bytes) noexcept {
  const LargeClass c = large_class(bytes);
  live.fetch_sub(static_cast<int64_t>(c.bytes), std::memory_order_relaxed);
  if (!kCaching) return std::free(block);
  LargeCache& cache = large_cache();
  const std::lock_guard lock(cache.mutex);
  cache.free[c.index].push_back(block);
  cached.fetch_add(static_cast<int64_t>(c.bytes), std::memory_order_relaxed);
}

}  // namespace

namespace detail {

void* allocate(size_t bytes) {
  if (bytes > kSmallMax) return allocate_large(bytes);
  const size_t c = bytes ? (bytes - 1) / kAlign : 0;
  const size_t rounded = (c + 1) * kAlign;
  count_live(static_cast<int64_t>(rounded));
  if (FreeBlock* block = small_cache.head[c]) {
    small_cache.head[c] = block->next;
    cached.fetch_sub(static_cast<int64_t>(rounded), std::memory_order_relaxed);
    return block;
  }
  return system_allocate(rounded);
}

void deallocate(void* block, size_t bytes) noexcept {
  if (!block) return;
  if (bytes > kSmallMax) return deallocate_large(block, bytes);
  const size_t c = bytes ? (bytes - 1) / kAlign : 0;
  const auto rounded = static_cast<int64_t>((c + 1) * kAlign);
  live.fetch_sub(rounded, std::memory_order_relaxed);
  if (!kCaching || small_cache.closed) return std::free(block);
  small_cache_closer.touch();  // arranges for the thread's end
  auto* free_block = static_cast<FreeBlock*>(block);
  free_block->next = small_cache.head[c];
  small_cache.head[c] = free_block;
  cached.fetch_add(rounded, std::memory_order_relaxed);
}

}  // namespace detail

MemoryStats memory_stats() { return {live.load(), peak.load(), cached.load()}; }

void reset_peak_memory() { peak.store(live.load()); }

void release_cached_memory() {
  drain_small_cache();
  LargeCache& cache = large_cache();
  const std::lock_guard lock(cache.mutex);
  for (size_t i = 0; i < kLargeClasses; ++i) {
    if (cache.free[i].empty()) continue;
    const size_t log = i / kStepsPerDoubling;
    const size_t step = (size_t{1} << log) / kStepsPerDoubling;
    const auto bytes =
        static_cast<int64_t>((size_t{1} << log) + (i % kStepsPerDoubling + 1) * step);
    for (void* block : cache.free[i]) std::free(block);
    cached.fetch_sub(bytes * static_cast<int64_t>(cache.free[i].size()), std::memory_order_relaxed);
    cache.free[i].clear();
  }
}

}  // namespace tapehead

#include "tapehead/core/allocator.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <vector>

#include "tapehead/core/detail/address_space.h"
#include "tapehead/core/detail/fork.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

constexpr size_t kAlign = 64;
constexpr size_t kMostBytes = size_t{1} << 47;  // size of the user address space
constexpr size_t kSmallMax = 1024;              // cached per thread, in multiples of 64
constexpr size_t kSmallClasses = kSmallMax / kAlign;
constexpr int kStepsPerDoubling = 8;  // rounding wastes at most 1/8 of a large block
constexpr size_t kLargeClasses = 64 * kStepsPerDoubling;
constexpr size_t kLarger = kStepsPerDoubling;  // a request may take a block up to twice its size
constexpr int64_t kSpare = 64 << 20;           // large bytes held beyond 1/4 of the peak
constexpr int64_t kOthersMax =
    16 << 20;  // bytes per size class that a thread keeps of other threads' blocks
constexpr int64_t kPeakStep = 64 << 10;  // error of the recorded peak for small blocks

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kCaching = false;  // so that the sanitizer sees uses after release
#else
constexpr bool kCaching = true;
#endif

// One thread's share of the memory counts. Only that thread writes it, so counting needs no locked
// instruction; statistics are the sum over all threads.
struct Counters {
  std::atomic<int64_t> live{0};  // negative in a thread that frees what others allocated
  std::atomic<int64_t> cached{0};
  bool in_use = false;
  bool shared = false;  // the common counters of threads that have ended

  void count(int64_t live_bytes, int64_t cached_bytes) {
    add(live, live_bytes);
    add(cached, cached_bytes);
  }

 private:
  void add(std::atomic<int64_t>& counter, int64_t n) const {
    if (shared) counter.fetch_add(n, std::memory_order_relaxed);
    else counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
};

// State shared by all threads, guarded by the mutex.
struct Shared {
  std::mutex mutex;
  std::vector<void*> free[kLargeClasses];  // large blocks
  uint64_t used[kLargeClasses] = {};       // clock value when a block of this class was last taken
  uint64_t clock = 0;
  int64_t held = 0;  // bytes of large blocks, free or not
  int64_t most = 0;  // highest peak since the start of the process
  std::vector<Counters*> threads;
  Counters ended;
  int64_t peak = 0;

  Shared() {
    ended.shared = true;
    threads.push_back(&ended);
  }
  int64_t sum(std::atomic<int64_t> Counters::*what) const {
    int64_t total = 0;
    for (const Counters* c : threads) total += (c->*what).load(std::memory_order_relaxed);
    return total;
  }
  void note_peak() {
    peak = std::max(peak, sum(&Counters::live));
    most = std::max(most, peak);
  }
};

// Never destroyed: tensors with static storage may be released after every other destructor.
Shared& shared() {
  static auto* const state = new Shared;
  return *state;
}
[[maybe_unused]] const bool kAllocatorHeldAtFork = core::hold_at_fork(shared().mutex);

[[noreturn]] void throw_out_of_memory(size_t bytes) {
  throw OutOfMemoryError(
      fmt::format("memory: {} bytes cannot be allocated while {} are in use; make sizes or batches "
                  "smaller, or raise the limit of the process (ulimit -v)",
                  bytes, memory_stats().live_bytes));
}

// Blocks that fill a huge page are mapped on such: loops over several operands are up to a quarter
// faster there than on small pages, because neighbours in memory are also neighbours in the caches,
// and memory touched for the first time costs a fraction.
bool is_mapped(size_t bytes) { return kCaching && bytes >= core::kHugePage; }

void* from_system(size_t bytes) {
  return is_mapped(bytes) ? core::map_block(bytes) : std::aligned_alloc(kAlign, bytes);
}
void to_system(void* block, size_t bytes) noexcept {
  if (is_mapped(bytes)) core::unmap_block(block, bytes);
  else std::free(block);
}

// Allocates `rounded` bytes; an error reports the `asked` ones.
void* system_allocate(size_t rounded, size_t asked) {
  void* block = from_system(rounded);
  if (!block) {
    release_cached_memory();
    block = from_system(rounded);
  }
  if (!block) throw_out_of_memory(asked);
  return block;
}

struct FreeBlock {
  FreeBlock* next;
};

// Free small blocks of one thread. Trivially destructible, so that objects that outlive the
// thread's destructors can still be released: with `ended` set, their blocks go straight to the
// system.
struct ThreadCache {
  FreeBlock* head[kSmallClasses];
  int64_t length[kSmallClasses];
  int64_t own[kSmallClasses];  // blocks taken from the system minus those returned
  Counters* counters;
  int64_t unnoted;  // bytes allocated since the peak was last updated
  bool ended;

  void push(size_t c, void* block) {
    auto* free_block = static_cast<FreeBlock*>(block);
    free_block->next = head[c];
    head[c] = free_block;
    ++length[c];
  }
  void* pop(size_t c) {
    FreeBlock* block = head[c];
    if (block) {
      head[c] = block->next;
      --length[c];
    }
    return block;
  }
  void drain() {
    for (size_t c = 0; c < kSmallClasses; ++c)
      while (void* block = pop(c)) {
        counters->count(0, -static_cast<int64_t>((c + 1) * kAlign));
        std::free(block);
        --own[c];
      }
  }
};
thread_local ThreadCache thread_cache;

struct ThreadEnd {
  ~ThreadEnd() {
    ThreadCache& t = thread_cache;
    t.drain();
    const std::lock_guard lock(shared().mutex);
    t.counters->in_use = false;
    t.counters = nullptr;
    t.ended = true;
  }
  void arrange() {}
};
thread_local ThreadEnd thread_end;

// The thread's counters on its first call; reuses those of a finished thread if possible.
Counters& first_counters(ThreadCache& t) {
  Shared& all = shared();
  if (t.ended) return all.ended;
  thread_end.arrange();
  const std::lock_guard lock(all.mutex);
  for (Counters* c : all.threads)
    if (!c->in_use && !c->shared) t.counters = c;
  if (!t.counters) {
    auto fresh = std::make_unique<Counters>();
    all.threads.push_back(fresh.get());
    t.counters = fresh.release();
  }
  t.counters->in_use = true;
  return *t.counters;
}
inline Counters& counters_of(ThreadCache& t) {
  return t.counters ? *t.counters : first_counters(t);
}

struct LargeClass {
  size_t index;
  int64_t bytes;
};

int64_t class_bytes(size_t index) {
  const size_t doubling = size_t{1} << index / kStepsPerDoubling;
  return static_cast<int64_t>(doubling +
                              (index % kStepsPerDoubling + 1) * (doubling / kStepsPerDoubling));
}

LargeClass large_class(size_t bytes) {
  const auto log = static_cast<size_t>(std::bit_width(bytes - 1)) - 1;  // 2^log < bytes
  const size_t step = (size_t{1} << log) / kStepsPerDoubling;
  const size_t above = (bytes - (size_t{1} << log) + step - 1) / step;  // 1..kStepsPerDoubling
  const size_t index = log * kStepsPerDoubling + above - 1;
  return {index, class_bytes(index)};
}

// A large block is preceded by its class, because it may be larger than the request. Without
// caching there is no header, so that the sanitizer detects writes before the block.
constexpr size_t kHeader = kCaching ? kAlign : 0;

size_t class_of(const void* block) {
  return *reinterpret_cast<const size_t*>(static_cast<const char*>(block) - kHeader);
}

void* system_allocate_large(const LargeClass& c, size_t asked) {
  auto* base = static_cast<char*>(system_allocate(static_cast<size_t>(c.bytes) + kHeader, asked));
  if (kCaching) *reinterpret_cast<size_t*>(base) = c.index;
  return base + kHeader;
}
void system_free_large(void* block, int64_t bytes) {
  to_system(static_cast<char*>(block) - kHeader, static_cast<size_t>(bytes) + kHeader);
}

// Takes the smallest free block that fits, or returns null. The caller holds the mutex.
void* take_large(Shared& all, const LargeClass& c, Counters& counters) {
  for (size_t i = c.index; i <= std::min(c.index + kLarger, kLargeClasses - 1); ++i) {
    auto& list = all.free[i];
    if (list.empty()) continue;
    void* block = list.back();
    list.pop_back();
    all.used[i] = ++all.clock;
    counters.count(c.bytes, -class_bytes(i));
    return block;
  }
  return nullptr;
}

// Frees cached blocks, least recently used sizes first, until at most `limit` bytes are held or
// none is free. The caller holds the mutex.
void trim(Shared& all, int64_t limit, Counters& counters) {
  while (all.held > limit) {
    size_t oldest = kLargeClasses;
    for (size_t i = 0; i < kLargeClasses; ++i)
      if (!all.free[i].empty() && (oldest == kLargeClasses || all.used[i] < all.used[oldest]))
        oldest = i;
    if (oldest == kLargeClasses) return;
    const int64_t bytes = class_bytes(oldest);
    for (auto& list = all.free[oldest]; !list.empty() && all.held > limit; list.pop_back()) {
      system_free_large(list.back(), bytes);
      counters.count(0, -bytes);
      all.held -= bytes;
    }
  }
}

// Trims the cache, because a program whose sizes change at every step would otherwise end up
// holding the peak of each size, many times the overall peak.
void* allocate_large(size_t bytes) {
  if (bytes > kMostBytes) throw_out_of_memory(bytes);
  const LargeClass c = large_class(bytes);
  Counters& counters = counters_of(thread_cache);
  Shared& all = shared();
  {
    const std::lock_guard lock(all.mutex);
    if (void* block = take_large(all, c, counters)) {
      all.note_peak();
      return block;
    }
    trim(all, all.most + all.most / 4 + kSpare - c.bytes, counters);
  }
  void* block = system_allocate_large(c, bytes);
  const std::lock_guard lock(all.mutex);
  all.used[c.index] = ++all.clock;
  all.held += c.bytes;
  counters.count(c.bytes, 0);
  all.note_peak();
  return block;
}

void deallocate_large(void* block, size_t bytes) noexcept {
  const LargeClass asked = large_class(bytes);
  Counters& counters = counters_of(thread_cache);
  Shared& all = shared();
  const std::lock_guard lock(all.mutex);
  if (!kCaching) {
    counters.count(-asked.bytes, 0);
    all.held -= asked.bytes;
    return system_free_large(block, asked.bytes);
  }
  const size_t index = class_of(block);
  counters.count(-asked.bytes, class_bytes(index));
  all.free[index].push_back(block);
}

}  // namespace

namespace detail {

void* allocate(size_t bytes) {
  if (bytes > kSmallMax) return allocate_large(bytes);
  const size_t c = bytes ? (bytes - 1) / kAlign : 0;
  const auto rounded = static_cast<int64_t>((c + 1) * kAlign);
  ThreadCache& t = thread_cache;
  Counters& counters = counters_of(t);
  void* block = t.pop(c);
  const bool was_cached = block;
  if (!was_cached) {
    block = system_allocate(static_cast<size_t>(rounded), bytes);
    ++t.own[c];
  }
  counters.count(rounded, was_cached ? -rounded : 0);
  if ((t.unnoted += rounded) > kPeakStep) {
    t.unnoted = 0;
    const std::lock_guard lock(shared().mutex);
    shared().note_peak();
  }
  return block;
}

void deallocate(void* block, size_t bytes) noexcept {
  if (!block) return;
  if (bytes > kSmallMax) return deallocate_large(block, bytes);
  const size_t c = bytes ? (bytes - 1) / kAlign : 0;
  const auto rounded = static_cast<int64_t>((c + 1) * kAlign);
  ThreadCache& t = thread_cache;
  Counters& counters = counters_of(t);
  // A thread caches as many blocks as it allocated without limit, but must not hoard those that
  // another thread allocates and this one only frees.
  const bool keep = kCaching && !t.ended && (t.length[c] - t.own[c]) * rounded < kOthersMax;
  counters.count(-rounded, keep ? rounded : 0);
  if (keep) {
    t.push(c, block);
  } else {
    std::free(block);
    --t.own[c];
  }
}

}  // namespace detail

MemoryStats memory_stats() {
  Shared& all = shared();
  const std::lock_guard lock(all.mutex);
  all.note_peak();
  return {all.sum(&Counters::live), all.peak, all.sum(&Counters::cached)};
}

void reset_peak_memory() {
  Shared& all = shared();
  const std::lock_guard lock(all.mutex);
  all.peak = all.sum(&Counters::live);
}

void release_cached_memory() {
  Counters& counters = counters_of(thread_cache);
  if (!thread_cache.ended) thread_cache.drain();
  Shared& all = shared();
  const std::lock_guard lock(all.mutex);
  trim(all, 0, counters);
}

}  // namespace tapehead

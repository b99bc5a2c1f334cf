// A four-byte mutex, for objects that exist in large numbers.
#pragma once

#include <atomic>
#include <cstdint>

namespace tapehead {

/// Has the semantics of std::mutex.
class SmallMutex {
 public:
  bool try_lock() noexcept {
    uint32_t expected = kFree;
    return state_.compare_exchange_strong(expected, kLocked, std::memory_order_acquire,
                                          std::memory_order_relaxed);
  }
  void lock() noexcept {
    if (try_lock()) return;
    while (state_.exchange(kWaited, std::memory_order_acquire) != kFree)
      state_.wait(kWaited, std::memory_order_relaxed);
  }
  void unlock() noexcept {
    if (state_.exchange(kFree, std::memory_order_release) == kWaited) state_.notify_one();
  }

 private:
  static constexpr uint32_t kFree = 0, kLocked = 1, kWaited = 2;  // waited: a thread may be waiting

  std::atomic<uint32_t> state_{kFree};
};

}  // namespace tapehead

// The memory behind tensors.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "tapehead/core/ref.h"

namespace tapehead {

namespace detail {
struct MappedElements;
}

/// A reference-counted block of bytes, shared by a tensor and its views. It counts in-place
/// changes, so that autograd can detect that a saved tensor was overwritten.
class alignas(64) Storage {
 public:
  /// Allocates uninitialised memory, aligned to 64 bytes. Throws OutOfMemoryError, and ValueError
  /// for a negative size.
  static Ref<Storage> create(int64_t bytes);
  /// Refers to memory of the caller, and calls `release` (which may be empty) when the last
  /// reference is gone.
  static Ref<Storage> borrow(void* data, int64_t bytes, bool read_only,
                             std::function<void()> release);
  /// Has no memory: the elements are elsewhere, as `elements` describes (see detail/mapped.h),
  /// which is deleted by `release`. data() throws.
  static Ref<Storage> placeholder(const detail::MappedElements* elements,
                                  std::function<void()> release);

  char* data() { return data_ ? data_ : no_data(); }
  /// The argument of placeholder(); null for all other storages.
  const detail::MappedElements* mapped() const { return mapped_; }
  int64_t bytes() const { return bytes_; }

  /// created() counts the blocks that the calling thread has created; number() is the position of
  /// this block in the order of their creation.
  static uint64_t created();
  uint64_t number() const { return number_; }

  /// The number of in-place changes, and the op that made the last one.
  uint32_t version() const { return version_.load(std::memory_order_relaxed); }
  const char* last_writer() const { return last_writer_.load(std::memory_order_relaxed); }
  void changed_by(const char* op) {
    version_.store(version() + 1, std::memory_order_relaxed);
    last_writer_.store(op, std::memory_order_relaxed);
  }

  /// Makes an unshared block as good as new, for another tensor.
  void renew();

  void ref() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void unref() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) dispose();
  }
  /// Whether in-place ops must not change the elements.
  bool is_read_only() const { return read_only_; }
  /// Whether there is more than one reference, or the memory is borrowed. If not, all accesses by
  /// threads that released theirs happened before this call.
  bool is_shared() const { return release_ || references_.load(std::memory_order_acquire) > 1; }

 private:
  Storage(char* data, int64_t bytes, uint64_t number)
      : bytes_(bytes), number_(number), data_(data) {}
  void dispose() noexcept;
  char* no_data() const;

  // Threads that share a weight read the counters concurrently; only one thread at a time writes.
  std::atomic<uint32_t> references_{1};
  std::atomic<uint32_t> version_{0};
  int64_t bytes_;
  uint64_t number_;
  std::atomic<const char*> last_writer_{nullptr};
  char* data_;
  std::function<void()>* release_ = nullptr;  // of borrowed memory; null if it follows this header
  const detail::MappedElements* mapped_ = nullptr;
  bool read_only_ = false;
};

}  // namespace tapehead

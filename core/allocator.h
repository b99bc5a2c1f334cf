// Memory: a caching allocator for tensors and tape nodes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tapehead {

struct MemoryStats {
  int64_t live_bytes;    ///< what tensors and tape nodes hold now
  int64_t peak_bytes;    ///< the most they held since the start or reset_peak_memory()
  int64_t cached_bytes;  ///< freed blocks kept for reuse
};

MemoryStats memory_stats();
/// Starts a new peak at what is live now.
void reset_peak_memory();
/// Gives the calling thread's and all large cached blocks back to the system.
void release_cached_memory();

namespace detail {

/// A block of at least `bytes`, aligned to 64. Throws OutOfMemoryError when there is none.
void* allocate(size_t bytes);
/// Returns a block; `bytes` is what was asked for.
void deallocate(void* block, size_t bytes) noexcept;

/// Gives a class the caching allocator as its operator new and delete.
struct Pooled {
  static void* operator new(size_t bytes) { return allocate(bytes); }
  static void operator delete(void* block, size_t bytes) noexcept { deallocate(block, bytes); }
};

}  // namespace detail
}  // namespace tapehead

// The caching memory allocator of tensors and graph nodes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tapehead {

/// Memory of tensors, in bytes.
struct MemoryStats {
  int64_t live_bytes;    ///< bytes currently in use by tensors and graph nodes
  int64_t peak_bytes;    ///< maximum of live_bytes since the start or reset_peak_memory()
  int64_t cached_bytes;  ///< bytes of freed blocks kept for reuse
};

/// The memory in use, of all threads.
MemoryStats memory_stats();
/// Resets peak_bytes to the current live_bytes.
void reset_peak_memory();
/// Frees the cached blocks of the calling thread and all large cached blocks.
void release_cached_memory();

namespace detail {

/// Allocates a block of at least `bytes`, aligned to 64 bytes. Throws OutOfMemoryError.
void* allocate(size_t bytes);
/// Returns a block to the allocator; `bytes` is the size it was requested with.
void deallocate(void* block, size_t bytes) noexcept;

/// Base class whose operator new and delete use the caching allocator.
struct Pooled {
  static void* operator new(size_t bytes) { return allocate(bytes); }
  static void operator delete(void* block, size_t bytes) noexcept { deallocate(block, bytes); }
};

}  // namespace detail
}  // namespace tapehead

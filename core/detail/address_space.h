// Address space: mappings of large blocks, and limits, checked before calling code that does not
// report failed allocations.
#pragma once

#include <cstddef>

namespace tapehead::core {

/// Whether the process can currently map that many more bytes. It cannot beyond its limit (ulimit
/// -v) or beyond the memory that the system can commit.
bool has_address_space(size_t bytes);
/// The size of a huge page.
inline constexpr size_t kHugePage = size_t{2} << 20;
/// Maps a block on huge pages where the system grants them, aligned to one; its end, after the last
/// whole huge page, is on small ones. Null if it cannot be mapped.
void* map_block(size_t bytes);
/// Unmaps a block of map_block(bytes).
void unmap_block(void* block, size_t bytes) noexcept;
/// The stack size of a new thread, in bytes.
size_t stack_size();

}  // namespace tapehead::core

#include "tapehead/core/detail/address_space.h"

#include <pthread.h>
#include <sys/mman.h>

#include <cstdint>

namespace tapehead::core {
namespace {

// In whole pages, of the largest size that systems have.
size_t in_pages(size_t bytes) {
  constexpr size_t kPage = size_t{64} << 10;
  return (bytes + kPage - 1) / kPage * kPage;
}

// Null if it fails.
void* map(size_t bytes) {
  void* const block =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return block == MAP_FAILED ? nullptr : block;
}

}  // namespace

bool has_address_space(size_t bytes) {
  void* const block = map(bytes);
  if (!block) return false;
  munmap(block, bytes);
  return true;
}

void* map_block(size_t bytes) {
  bytes = in_pages(bytes);
  auto* const mapped = static_cast<char*>(map(bytes + kHugePage));
  if (!mapped) return nullptr;
  const size_t before = -reinterpret_cast<uintptr_t>(mapped) % kHugePage;
  char* const block = mapped + before;
  if (before) munmap(mapped, before);
  if (before < kHugePage) munmap(block + bytes, kHugePage - before);
#if defined(MADV_HUGEPAGE)
  madvise(block, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
#endif
  return block;
}

void unmap_block(void* block, size_t bytes) noexcept { munmap(block, in_pages(bytes)); }

size_t stack_size() {
  pthread_attr_t attributes;
  size_t size = 0;
  pthread_attr_init(&attributes);
  pthread_attr_getstacksize(&attributes, &size);
  pthread_attr_destroy(&attributes);
  return size;
}

}  // namespace tapehead::core

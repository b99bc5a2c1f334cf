#include "tapehead/core/storage.h"

#include <fmt/format.h>

#include <new>

#include "tapehead/core/allocator.h"
#include "tapehead/core/error.h"

namespace tapehead {

namespace {
thread_local uint64_t blocks = 0;
}  // namespace

uint64_t Storage::created() { return blocks; }

Ref<Storage> Storage::create(int64_t bytes) {
  if (bytes < 0)
    throw ValueError(fmt::format("Storage: {} bytes; the number must not be negative", bytes));
  void* block = detail::allocate(sizeof(Storage) + static_cast<size_t>(bytes));
  return Ref<Storage>::adopt(new (block) Storage(bytes, ++blocks));
}

void Storage::dispose() noexcept {
  const size_t size = sizeof(Storage) + static_cast<size_t>(bytes_);
  this->~Storage();
  detail::deallocate(this, size);
}

}  // namespace tapehead

#include "tapehead/core/storage.h"

#include <fmt/format.h>

#include <memory>
#include <new>
#include <utility>

#include "tapehead/core/allocator.h"
#include "tapehead/core/detail/mapped.h"
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
  char* const data = static_cast<char*>(block) + sizeof(Storage);
  return Ref<Storage>::adopt(new (block) Storage(data, bytes, ++blocks));
}

void Storage::renew() {
  number_ = ++blocks;
  version_.store(0, std::memory_order_relaxed);
  last_writer_.store(nullptr, std::memory_order_relaxed);
}

Ref<Storage> Storage::borrow(void* data, int64_t bytes, bool read_only,
                             std::function<void()> release) {
  auto owner = std::make_unique<std::function<void()>>(std::move(release));
  void* block = detail::allocate(sizeof(Storage));
  auto* out = new (block) Storage(static_cast<char*>(data), bytes, ++blocks);
  out->release_ = owner.release();
  out->read_only_ = read_only;
  return Ref<Storage>::adopt(out);
}

Ref<Storage> Storage::placeholder(const detail::MappedElements* elements,
                                  std::function<void()> release) {
  Ref<Storage> out = borrow(nullptr, 0, false, std::move(release));
  out->mapped_ = elements;
  return out;
}

char* Storage::no_data() const {
  if (mapped_) detail::throw_no_elements();
  return nullptr;
}

void Storage::dispose() noexcept {
  const std::unique_ptr<std::function<void()>> release(release_);
  const size_t size = sizeof(Storage) + (release ? 0 : static_cast<size_t>(bytes_));
  if (release && *release) (*release)();
  this->~Storage();
  detail::deallocate(this, size);
}

}  // namespace tapehead

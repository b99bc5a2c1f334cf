#include "tapehead/core/from_blob.h"

#include <fmt/format.h>

#include <bit>

#include "tapehead/core/error.h"

namespace tapehead {

Tensor core::from_blob(const void* data, DType dtype, const Shape& sizes, const Shape& strides,
                       bool read_only, const Deleter& deleter) {
  check_sizes(sizes);
  bool valid = sizes.rank() == strides.rank();
  int64_t last = 0, bytes = 0;
  for (int i = 0; valid && i < sizes.rank(); ++i) {
    int64_t length = 0;
    valid = strides[i] >= 0 &&
            (sizes[i] == 0 || !__builtin_mul_overflow(sizes[i] - 1, strides[i], &length)) &&
            !__builtin_add_overflow(last, length, &last);
  }
  if (!valid || __builtin_mul_overflow(last, size_of(dtype), &bytes))
    throw ShapeError(fmt::format(
        "from_blob: strides {} for sizes {}; pass one for each size, none negative, that reach "
        "addressable memory",
        strides.str(), sizes.str()));
  if (!data && sizes.numel() > 0)
    throw ValueError(fmt::format("from_blob: the pointer is null; {} has {} elements", sizes.str(),
                                 sizes.numel()));
  const auto item = static_cast<uintptr_t>(size_of(dtype));
  if (const uintptr_t rest = std::bit_cast<uintptr_t>(data) % item; rest != 0)
    throw ValueError(fmt::format(
        "from_blob: the pointer is {} bytes after a multiple of {}; elements of {} must be aligned "
        "to their size",
        rest, item, name(dtype)));
  void* const memory = const_cast<void*>(data);
  std::function<void()> release;
  if (deleter) release = [memory, deleter] { deleter(memory); };
  return borrow(memory, dtype, sizes, strides, read_only, std::move(release));
}

void core::check_span(size_t elements, const Shape& sizes) {
  if (sizes.numel() != static_cast<int64_t>(elements))
    throw ShapeError(fmt::format("from_blob: shape {} has {} elements, the span {}", sizes.str(),
                                 sizes.numel(), elements));
}

}  // namespace tapehead

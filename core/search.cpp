// Searching sorted lines, and runs of equal elements.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/index.h"
#include "tapehead/core/detail/order.h"
#include "tapehead/core/detail/sort_keys.h"
#include "tapehead/core/error.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

constexpr int64_t kSearchBlock = 256;  // values that a task looks up at once

// The number of keys that are less than `key`. The number of steps depends on n alone, and they do
// not branch.
int64_t keys_below(const uint64_t* keys, int64_t n, uint64_t key) {
  const uint64_t* first = keys;
  while (n > 1) {
    const int64_t half = n / 2;
    first += first[half - 1] < key ? half : 0;
    n -= half;
  }
  return first - keys + (n == 1 && *first < key);
}

}  // namespace

Tensor search(const char* op, const char* what, const Tensor& sorted, const Tensor& values,
              bool right) {
  const Tensor from = contiguous(sorted), x = contiguous(values);
  const Tensor out = empty(x.shape(), i64);
  const int64_t n = from.shape().back(), lines = n == 0 ? 1 : from.numel() / n;
  std::vector<uint64_t> keys(static_cast<size_t>(from.numel()));
  sort_keys(from.dtype(), from.raw(), from.numel(), keys.data());
  for (int64_t i = 1; i < from.numel(); ++i)
    if (i % n != 0 && keys[static_cast<size_t>(i)] < keys[static_cast<size_t>(i - 1)])
      throw ValueError(fmt::format("{}: {}{} is less than the element before it; sort it first", op,
                                   what, position(from.shape(), i)));
  const int64_t each = std::max<int64_t>(1, x.numel() / std::max<int64_t>(lines, 1));
  const int64_t blocks = (each + kSearchBlock - 1) / kSearchBlock;
  if (x.numel() == 0) return out;
  parallel_range(lines * blocks, 16, [&](int64_t begin, int64_t end) {
    uint64_t block[kSearchBlock];
    for (int64_t task = begin; task < end; ++task) {
      const int64_t line = task / blocks, first = task % blocks * kSearchBlock;
      const int64_t count = std::min(kSearchBlock, each - first);
      const int64_t at = line * each + first;
      sort_keys(x.dtype(), x.raw() + at * size_of(x.dtype()), count, block);
      const uint64_t* const line_keys = keys.data() + line * n;
      int64_t* const result = out.data<int64_t>() + at;
      for (int64_t i = 0; i < count; ++i)
        result[i] = right && block[i] == ~uint64_t{0}
                        ? n
                        : keys_below(line_keys, n, block[i] + (right ? 1 : 0));
    }
  });
  return out;
}

Tensor runs(const Tensor& from, Tensor* inverse, Tensor* counts) {
  const Tensor x = contiguous(from);
  const int64_t n = x.numel();
  const Tensor found = empty({n}, x.dtype());
  int64_t count = 0;
  const Tensor numbers = inverse || counts ? empty({n}, i64) : Tensor();
  int64_t* const run = numbers.defined() ? numbers.data<int64_t>() : nullptr;
  if (inverse) *inverse = numbers;
  const auto find = [&]<class T>(T) {
    const T* at = reinterpret_cast<const T*>(x.raw());
    T* out = reinterpret_cast<T*>(found.raw());
    for (int64_t i = 0; i < n; ++i) {
      out[count] = at[i];
      count += i == 0 || at[i] != at[i - 1];
      if (run) run[i] = count - 1;
    }
  };
  if (x.dtype() == f32) find(float{});
  else if (x.dtype() == f64) find(double{});
  else if (size_of(x.dtype()) == 8) find(uint64_t{});
  else if (size_of(x.dtype()) == 4) find(uint32_t{});
  else if (size_of(x.dtype()) == 2) find(uint16_t{});
  else find(uint8_t{});
  if (counts) {
    *counts = full({count}, 0, i64);
    for (int64_t i = 0; i < n; ++i) ++counts->data<int64_t>()[run[i]];
  }
  return clone(view_of(found, {count}, {1}, 0));
}

}  // namespace tapehead::core

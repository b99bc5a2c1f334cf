// Searching sorted lines, and runs of equal elements.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tapehead/core/detail/ceil_div.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/index.h"
#include "tapehead/core/detail/order.h"
#include "tapehead/core/detail/sort_keys.h"
#include "tapehead/core/error.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

constexpr int64_t kSearchBlock = 256;  // values that a task looks up at once

// For each value, the number of keys that are less, or, if kRight, at most equal. The steps depend
// on n alone and do not branch; those of several values overlap.
template <bool kRight>
void count_before(const uint64_t* keys, int64_t n, const uint64_t* values, int64_t count,
                  int64_t* before) {
  const auto is_before = [](uint64_t key, uint64_t value) {
    return kRight ? key <= value : key < value;
  };
  std::fill_n(before, count, int64_t{0});
  for (; n > 1; n -= n / 2)
    for (int64_t i = 0; i < count; ++i)
      before[i] += is_before(keys[before[i] + n / 2 - 1], values[i]) ? n / 2 : 0;
  for (int64_t i = 0; i < count && n == 1; ++i) before[i] += is_before(keys[before[i]], values[i]);
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
  const int64_t blocks = ceil_div(each, kSearchBlock);
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
      (right ? count_before<true> : count_before<false>)(line_keys, n, block, count, result);
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
    if (n == 0) return;
    T before = out[0] = at[0];
    if (run) run[0] = 0;
    for (int64_t i = 1; run && i < n; ++i) run[i] = run[i - 1] + (at[i] != at[i - 1]);
    int64_t last = 1;
#pragma GCC unroll 4
    for (int64_t i = 1; i < n; ++i) {
      const T here = at[i];
      out[last] = here;
      last += here != before;
      before = here;
    }
    count = last;
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
  const Tensor out = view_of(found, {count}, {1}, 0);
  return count < n / 2 ? clone(out) : out;  // does not hold on to much unused memory
}

}  // namespace tapehead::core

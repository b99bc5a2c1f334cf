#include "tapehead/core/detail/order.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <iterator>
#include <numeric>
#include <vector>

#include "tapehead/core/detail/axis_split.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/reduce.h"
#include "tapehead/core/detail/sort_keys.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

constexpr int64_t kOrderGrain = 1 << 14;  // elements that justify a thread

template <class T>
bool is_nan(T x) {
  return x != x;  // NOLINT(misc-redundant-expression): only a NaN differs from itself
}

// For each column of x [n, inner], the position of the first element equal to best [inner], or of
// the first NaN if best is NaN.
template <class T>
void find_first(const T* x, const T* best, int64_t* at, int64_t n, int64_t inner) {
  if (inner == 1) {
    const bool nan = is_nan(*best);
    const T value = *best;
    *at = (nan ? std::find_if(x, x + n, is_nan<T>) : std::find(x, x + n, value)) - x;
    return;
  }
  std::fill_n(at, inner, -1);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t c = 0; c < inner; ++c) {
      const T value = x[i * inner + c];
      if (at[c] < 0 && (value == best[c] || is_nan(value))) at[c] = i;
    }
}

Tensor swap_with_last(const Tensor& x, int axis) {
  if (x.dim() == 0) return x;
  Shape sizes = x.shape(), strides = x.strides();
  std::swap(sizes[axis], sizes[x.dim() - 1]);
  std::swap(strides[axis], strides[x.dim() - 1]);
  return view_of(x, sizes, strides, x.impl()->offset);
}

constexpr int kDigit = 8;          // bits of a radix sort's digit
constexpr int64_t kFewItems = 64;  // which are compared rather than distributed
constexpr int64_t kFewBest = 32;   // which are kept in order

struct Item {
  uint64_t key;
  int64_t at;
};
bool operator<(const Item& a, const Item& b) {
  return a.key != b.key ? a.key < b.key : a.at < b.at;
}

// The bits in which keys differ.
template <class Get>
uint64_t varying_bits(int64_t n, Get key) {
  uint64_t bits = 0;
  for (int64_t i = 1; i < n; ++i) bits |= key(i) ^ key(0);
  return bits;
}

// Sorts n items by key, stably; `other` has room for as many. Returns where they are.
Item* sort_items(Item* items, Item* other, int64_t n) {
  if (n <= kFewItems) {
    std::sort(items, items + n);
    return items;
  }
  const uint64_t varying = varying_bits(n, [=](int64_t i) { return items[i].key; });
  for (int shift = 0; shift < 64; shift += kDigit) {
    if ((varying >> shift & ((1 << kDigit) - 1)) == 0) continue;
    const auto digit = [=](const Item& x) { return x.key >> shift & ((1 << kDigit) - 1); };
    int64_t starts[1 << kDigit] = {};
    for (int64_t i = 0; i < n; ++i) ++starts[digit(items[i])];
    std::exclusive_scan(std::begin(starts), std::end(starts), starts, int64_t{0});
    for (int64_t i = 0; i < n; ++i) other[starts[digit(items[i])]++] = items[i];
    std::swap(items, other);
  }
  return items;
}

// The key of rank k; overwrites the keys. Keeps those that share its leading digits.
uint64_t key_of_rank(uint64_t* keys, int64_t n, int64_t k) {
  const uint64_t varying = varying_bits(n, [=](int64_t i) { return keys[i]; });
  for (int shift = std::bit_width(varying); shift > 0;) {
    if (n <= kFewItems) {
      std::nth_element(keys, keys + k, keys + n);
      return keys[k];
    }
    shift = std::max(shift - kDigit, 0);
    const auto digit = [=](uint64_t key) { return key >> shift & ((1 << kDigit) - 1); };
    int64_t counts[1 << kDigit] = {};
    for (int64_t i = 0; i < n; ++i) ++counts[digit(keys[i])];
    uint64_t wanted = 0;
    while (k >= counts[wanted]) k -= counts[wanted++];
    int64_t kept = 0;
    for (int64_t i = 0; i < n; ++i) {
      const uint64_t key = keys[i];
      keys[kept] = key;
      kept += digit(key) == wanted;
    }
    n = kept;
  }
  return keys[0];
}

// The keys of a line, and room to sort them.
class Line {
  const Tensor memory_;  // from the allocator's cache: new pages would take longer than the sort

 public:
  uint64_t* const keys;

  explicit Line(int64_t n)
      : memory_(empty({5 * n}, i64)),
        keys(reinterpret_cast<uint64_t*>(memory_.raw())),
        items_(reinterpret_cast<Item*>(keys + n)),
        n_(n) {}
  // All items in sorted order.
  const Item* sorted() {
    for (int64_t i = 0; i < n_; ++i) items_[i] = {keys[i], i};
    return sort_items(items_, items_ + n_, n_);
  }
  // The first k < n. A comparison with the last of the best so far rejects most. Few are kept in
  // order, many as a heap.
  const Item* first(int64_t k) {
    Item* best = items_;
    for (int64_t i = 0; i < k; ++i) best[i] = {keys[i], i};
    const bool few = k <= kFewBest;
    if (few) std::sort(best, best + k);
    else std::make_heap(best, best + k);
    const Item& worst = best[few ? k - 1 : 0];
    for (int64_t i = k; i < n_; ++i) {
      const Item item{keys[i], i};
      if (item.key >= worst.key) continue;
      if (!few) std::pop_heap(best, best + k);
      int64_t at = k - 1;
      for (; few && at > 0 && item.key < best[at - 1].key; --at) best[at] = best[at - 1];
      best[at] = item;
      if (!few) std::push_heap(best, best + k);
    }
    if (!few) std::sort_heap(best, best + k);
    return best;
  }
  uint64_t key_of(int64_t rank) {
    uint64_t* copy = keys + n_;
    std::copy_n(keys, n_, copy);
    return key_of_rank(copy, n_, rank);
  }

 private:
  Item* const items_;
  const int64_t n_;
};

void copy_elements(int64_t bytes, const char* x, const int64_t* at, int64_t n, char* out) {
  const auto copy = [=]<class T>(T) {
    for (int64_t i = 0; i < n; ++i)
      reinterpret_cast<T*>(out)[i] = reinterpret_cast<const T*>(x)[at[i]];
  };
  if (bytes == 8) copy(uint64_t{});
  else if (bytes == 4) copy(uint32_t{});
  else if (bytes == 2) copy(uint16_t{});
  else copy(uint8_t{});
}

// Selects k elements of each line along the axis: f(line, n, positions) gets the keys in `line` and
// writes the positions.
template <class F>
Ordered each_line(const Tensor& from, int axis, int64_t k, F f) {
  const Tensor x = contiguous(swap_with_last(from, axis));
  Shape sizes = x.shape();
  if (x.dim() > 0) sizes[x.dim() - 1] = k;
  const Tensor values = empty(sizes, x.dtype()), indices = empty(sizes, i64);
  const int64_t n = x.dim() == 0 ? 1 : x.shape().back(), bytes = size_of(x.dtype());
  if (x.numel() > 0 && k > 0) {
    const int64_t grain = std::max<int64_t>(1, kOrderGrain / 8 / n);
    parallel_range(x.numel() / n, grain, [&](int64_t begin, int64_t end) {
      Line line(n);
      for (int64_t row = begin; row < end; ++row) {
        const char* first = x.raw() + row * n * bytes;
        int64_t* at = indices.data<int64_t>() + row * k;
        sort_keys(x.dtype(), first, n, line.keys);
        f(line, n, at);
        copy_elements(bytes, first, at, k, values.raw() + row * k * bytes);
      }
    });
  }
  return {contiguous(swap_with_last(values, axis)), contiguous(swap_with_last(indices, axis))};
}

}  // namespace

Tensor arg_extremum(const Tensor& from, int axis, bool largest) {
  const Tensor x = contiguous(from);
  const auto kernel = largest ? kernels::Reduce::max : kernels::Reduce::min;
  const Tensor best = reduce("argmax", kernel, x, 1u << axis, true);
  const Tensor out = empty(best.shape(), i64);
  const AxisSplit a(x.shape(), axis);
  visit(x.dtype(), [&]<class T>() {
    const T *first = x.data<T>(), *wanted = best.data<T>();
    int64_t* at = out.data<int64_t>();
    const int64_t grain = std::max<int64_t>(1, kOrderGrain / std::max<int64_t>(a.n * a.inner, 1));
    parallel_range(a.outer, grain, [&](int64_t begin, int64_t end) {
      for (int64_t o = begin; o < end; ++o)
        find_first(first + o * a.n * a.inner, wanted + o * a.inner, at + o * a.inner, a.n, a.inner);
    });
  });
  return out;
}

void sort_keys(DType dtype, const void* x, int64_t n, uint64_t* keys) {
  visit(dtype, [&]<class T>() {
    for (int64_t i = 0; i < n; ++i) keys[i] = sort_key(static_cast<const T*>(x)[i]);
  });
}

Ordered order(const Tensor& x, int axis, int64_t k, bool descending) {
  return each_line(x, axis, k, [=](Line& line, int64_t n, int64_t* at) {
    if (descending)
      for (int64_t i = 0; i < n; ++i) line.keys[i] = ~line.keys[i];
    const Item* items = k < n / 16 ? line.first(k) : line.sorted();
    for (int64_t i = 0; i < k; ++i) at[i] = items[i].at;
  });
}

Ordered element_of_rank(const Tensor& x, int axis,
                        const std::function<int64_t(int64_t n, int64_t nans)>& rank) {
  const bool may_hold_nan = is_floating(x.dtype());
  return each_line(x, axis, 1, [&](Line& line, int64_t n, int64_t* at) {
    const uint64_t* keys = line.keys;
    const int64_t nans = may_hold_nan ? std::count(keys, keys + n, kNanKey) : 0;
    *at = std::find(keys, keys + n, line.key_of(rank(n, nans))) - keys;
  });
}

Ordered mode(const Tensor& x, int axis) {
  return each_line(x, axis, 1, [](Line& line, int64_t n, int64_t* at) {
    const Item* items = line.sorted();
    int64_t longest = 0;
    for (int64_t begin = 0, end = 1; end <= n; ++end) {
      if (end < n && items[end].key == items[begin].key) continue;
      if (end - begin > longest) longest = end - begin, *at = items[end - 1].at;
      begin = end;
    }
  });
}

Tensor order_of_rows(const Tensor& from) {
  const Tensor x = contiguous(from);
  const int64_t n = x.shape()[0], m = x.shape()[1];
  std::vector<uint64_t> keys(static_cast<size_t>(n * m));
  sort_keys(x.dtype(), x.raw(), n * m, keys.data());
  const Tensor order = empty({n}, i64);
  int64_t* at = order.data<int64_t>();
  std::iota(at, at + n, int64_t{0});
  std::stable_sort(at, at + n, [&](int64_t a, int64_t b) {
    const uint64_t *row_a = keys.data() + a * m, *row_b = keys.data() + b * m;
    return std::lexicographical_compare(row_a, row_a + m, row_b, row_b + m);
  });
  return order;
}

}  // namespace tapehead::core

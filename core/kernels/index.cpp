#include "tapehead/core/kernels/index.h"

#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T>
inline T sum_of(T a, T b) {
  return static_cast<T>(wrap(a) + wrap(b));
}

template <class T>
void add_rows(void* to_, const void* from_, int64_t stride, const int64_t* rows, int64_t count,
              int64_t width) {
  using C = Compute<T>;
  constexpr int64_t kTile = 256, kBlock = 32;
  T* to = static_cast<T*>(to_);
  const T* from = static_cast<const T*>(from_);
  if (count == 1) {
    const T* row = from + rows[0] * stride;
#pragma GCC ivdep
    for (int64_t i = 0; i < width; ++i)
      to[i] = static_cast<T>(sum_of(static_cast<C>(to[i]), static_cast<C>(row[i])));
    return;
  }
  C total[kTile], block[kTile];
  for (int64_t first = 0; first < width; first += kTile) {
    const int64_t n = width - first < kTile ? width - first : kTile;
    for (int64_t i = 0; i < n; ++i) total[i] = static_cast<C>(to[first + i]);
    for (int64_t begin = 0; begin < count; begin += kBlock) {
      const int64_t end = count - begin < kBlock ? count : begin + kBlock;
      const T* row = from + rows[begin] * stride + first;
      for (int64_t i = 0; i < n; ++i) block[i] = static_cast<C>(row[i]);
      for (int64_t j = begin + 1; j < end; ++j) {
        row = from + rows[j] * stride + first;
        for (int64_t i = 0; i < n; ++i) block[i] = sum_of(block[i], static_cast<C>(row[i]));
      }
      for (int64_t i = 0; i < n; ++i) total[i] = sum_of(total[i], block[i]);
    }
    for (int64_t i = 0; i < n; ++i) to[first + i] = static_cast<T>(total[i]);
  }
}

template <class T>
void add_each_row(void* to_, const void* from_, int64_t stride, const int64_t* indices, int64_t n,
                  int64_t width) {
  T* to = static_cast<T*>(to_);
  const T* from = static_cast<const T*>(from_);
  if (width == 1) {
    for (int64_t i = 0; i < n; ++i) {
      T& sum = to[indices[i] * stride];
      sum = sum_of(sum, from[i * stride]);
    }
    return;
  }
  for (int64_t i = 0; i < n; ++i) {
    T* row = to + indices[i] * stride;
    const T* x = from + i * stride;
#pragma GCC ivdep
    for (int64_t j = 0; j < width; ++j) row[j] = sum_of(row[j], x[j]);
  }
}

// y[i] = element(i). Vectors are put together from single loads: the gather instructions of many
// processors are slower.
template <class T, class F>
inline void pick(T* y, int64_t n, F element) {
  int64_t i = 0;
  if constexpr (sizeof(T) >= 4) {
    using Four [[gnu::vector_size(4 * sizeof(T)), gnu::aligned(sizeof(T)), gnu::may_alias]] = T;
    for (; i + 8 <= n; i += 8) {
      const Four low{element(i), element(i + 1), element(i + 2), element(i + 3)};
      const Four high{element(i + 4), element(i + 5), element(i + 6), element(i + 7)};
      *reinterpret_cast<Four*>(y + i) = low;
      *reinterpret_cast<Four*>(y + i + 4) = high;
    }
  }
  for (; i < n; ++i) y[i] = element(i);
}

// Same-type copies depend only on the element size.
template <class T>
void gather(const Gathered& g) {
  const T* x = static_cast<const T*>(g.x);
  T* y = static_cast<T*>(g.y);
  if (g.columns == 1 && g.step_index == 1 && g.step_y == 1) {
    const int64_t* index = g.indices;
    if (g.step_x == 1) pick(y, g.length, [=](int64_t k) { return x[index[k]]; });
    else pick(y, g.length, [=, step = g.step_x](int64_t k) { return x[index[k] * step]; });
    return;
  }
  for (int64_t k = 0; k < g.length; ++k) {
    const int64_t* index = g.indices + k * g.step_index;
    T* to = y + k * g.step_y;
    if (g.column_index == 1 && g.column_x == 1 && g.column_y == 1) {
      pick(to, g.columns, [=, step = g.step_x](int64_t j) { return x[index[j] * step + j]; });
      continue;
    }
    for (int64_t j = 0; j < g.columns; ++j)
      to[j * g.column_y] = x[index[j * g.column_index] * g.step_x + j * g.column_x];
  }
}

struct Set {
  template <class T>
  static T of(T, T value) {
    return value;
  }
};
struct Add {
  template <class T>
  static T of(T x, T value) {
    return sum_of(x, value);
  }
};
struct Mul {
  template <class T>
  static T of(T x, T value) {
    return static_cast<T>(wrap(x) * wrap(value));
  }
};
struct Max {
  template <class T>
  static T of(T x, T value) {
    const T larger = x > value ? x : value;
    return x != x ? x : larger;
  }
};
struct Min {
  template <class T>
  static T of(T x, T value) {
    const T smaller = x < value ? x : value;
    return x != x ? x : smaller;
  }
};

template <class F, class T>
void scatter(const Gathered& g) {
  T* x = static_cast<T*>(g.x);
  const T* y = static_cast<const T*>(g.y);
  if constexpr (__is_same(F, Add) && floating(dtype_of<T>())) {  // the gradient of gather()
    if (g.columns == 1 && g.step_x == 1 && g.step_y == 1 && g.step_index == 1) {
      const int64_t* index = g.indices;
#pragma GCC unroll 4
      for (int64_t k = 0; k < g.length; ++k) x[index[k]] += y[k];
      return;
    }
  }
  if (g.columns == 1) {
    for (int64_t k = 0; k < g.length; ++k) {
      T& to = x[g.indices[k * g.step_index] * g.step_x];
      to = F::of(to, y[k * g.step_y]);
    }
    return;
  }
  for (int64_t k = 0; k < g.length; ++k) {
    const int64_t* index = g.indices + k * g.step_index;
    const T* from = y + k * g.step_y;
    for (int64_t j = 0; j < g.columns; ++j) {
      T& to = x[index[j * g.column_index] * g.step_x + j * g.column_x];
      to = F::of(to, from[j * g.column_y]);
    }
  }
}

template <class T>
void reverse(void* to_, const void* from_, int64_t n) {
  struct Backwards {
    const T* last;
    T operator[](int64_t i) const { return last[-i]; }
  };
  run_elements(Copied(), static_cast<T*>(to_), 0, n,
               Backwards{static_cast<const T*>(from_) + n - 1});
}

// Squares of 16 x 16 elements, which are read and written in whole lines of the cache.
template <class T>
void transpose(void* to_, int64_t to_step, const void* from_, int64_t from_step, int64_t rows,
               int64_t columns) {
  constexpr int64_t kSide = 16;
  T* to = static_cast<T*>(to_);
  const T* from = static_cast<const T*>(from_);
  for (int64_t i = 0; i < rows; i += kSide) {
    const int64_t height = rows - i < kSide ? rows - i : kSide;
    for (int64_t j = 0; j < columns; j += kSide) {
      const int64_t width = columns - j < kSide ? columns - j : kSide;
      if (height == kSide && width == kSide) {
        T square[kSide][kSide];
        for (int64_t b = 0; b < kSide; ++b)
          for (int64_t a = 0; a < kSide; ++a) square[a][b] = from[(j + b) * from_step + i + a];
        for (int64_t a = 0; a < kSide; ++a)
          for (int64_t b = 0; b < kSide; ++b) to[(i + a) * to_step + j + b] = square[a][b];
        continue;
      }
      for (int64_t a = i; a < i + height; ++a)
        for (int64_t b = j; b < j + width; ++b) to[a * to_step + b] = from[b * from_step + a];
    }
  }
}

template <class T>
int64_t count(const void* x_, int64_t n) {
  const T* x = static_cast<const T*>(x_);
  int64_t found = 0;
  for (int64_t i = 0; i < n; ++i) found += x[i] != T(0) ? 1 : 0;
  return found;
}

// Stores without a branch, which would be mispredicted for masks without a pattern.
template <class T>
void positions(const void* x_, int64_t count, int64_t* out) {
  const T* x = static_cast<const T*>(x_);
  int64_t found = 0;
  for (int64_t i = 0; found < count; ++i) {
    out[found] = i;
    found += x[i] != T(0) ? 1 : 0;
  }
}

bool in_range(const int64_t* indices, int64_t n, int64_t low, int64_t high) {
  const auto first = static_cast<uint64_t>(low);
  const uint64_t size = static_cast<uint64_t>(high) - first;
  uint64_t outside = 0;
  for (int64_t i = 0; i < n; ++i)
    outside |= static_cast<uint64_t>(indices[i]) - first >= size ? 1 : 0;
  return outside == 0;
}

void wrap_indices(const int64_t* indices, int64_t n, int64_t size, int64_t* to) {
  for (int64_t i = 0; i < n; ++i) to[i] = indices[i] + (indices[i] < 0 ? size : 0);
}

}  // namespace

#define TAPEHEAD_WIDE(f) \
  { f<float>, f<double>, nullptr, f<int64_t>, f<int32_t>, f<uint8_t>, f<bool> }
#define TAPEHEAD_SCATTER(F)                                                                   \
  {                                                                                           \
    scatter<F, float>, scatter<F, double>, nullptr, scatter<F, int64_t>, scatter<F, int32_t>, \
        scatter<F, uint8_t>, scatter<F, bool>                                                 \
  }
#define TAPEHEAD_BY_SIZE(f)                                                             \
  {                                                                                     \
    f<int32_t>, f<int64_t>, f<int16_t>, f<int64_t>, f<int32_t>, f<uint8_t>, f<uint8_t>, \
        f<int16_t>, f<int16_t>, f<uint8_t>                                              \
  }
extern const IndexKernels index_kernels = {
    .add_rows = {add_rows<float>, add_rows<double>, add_rows<bfloat16>, add_rows<int64_t>,
                 add_rows<int32_t>, add_rows<uint8_t>, add_rows<bool>},
    .add_each_row = TAPEHEAD_WIDE(add_each_row),
    .gather = TAPEHEAD_BY_SIZE(gather),
    .scatter = {{scatter<Set, int32_t>, scatter<Set, int64_t>, scatter<Set, int16_t>,
                 scatter<Set, int64_t>, scatter<Set, int32_t>, scatter<Set, uint8_t>,
                 scatter<Set, uint8_t>, scatter<Set, int16_t>, scatter<Set, int16_t>,
                 scatter<Set, uint8_t>},
                TAPEHEAD_SCATTER(Add),
                TAPEHEAD_SCATTER(Mul),
                TAPEHEAD_SCATTER(Max),
                TAPEHEAD_SCATTER(Min)},
    .reverse = TAPEHEAD_BY_SIZE(reverse),
    .transpose = TAPEHEAD_BY_SIZE(transpose),
    // Not by size: -0.0 is zero.
    .count = {count<float>, count<double>, count<bfloat16>, count<int64_t>, count<int32_t>,
              count<uint8_t>, count<uint8_t>, count<float16>, count<int16_t>, count<uint8_t>},
    .positions = {positions<float>, positions<double>, positions<bfloat16>, positions<int64_t>,
                  positions<int32_t>, positions<uint8_t>, positions<uint8_t>, positions<float16>,
                  positions<int16_t>, positions<uint8_t>},
    .in_range = in_range,
    .wrap = wrap_indices,
};

}  // namespace tapehead::kernels::TAPEHEAD_ISA

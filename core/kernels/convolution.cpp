// The micro-kernel: a tile of up to kRows rows and two vectors of columns, or one if a panel has no
// more columns, stays in registers while the terms are summed. Each term costs a broadcast per row
// and two loads, less than the multiply-adds.
#include "tapehead/core/kernels/convolution.h"

#include "tapehead/core/kernels/vectors.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int kRows = 14;  // of 32 registers, 28 accumulate
#else
constexpr int kRows = 6;  // of 16 registers, 12 accumulate
#endif

template <class T>
inline constexpr int64_t kPanel = 2 * kWidth<T>;

template <class T>
int64_t width() {
  return kPanel<T>;
}

template <class T, int R, int V>
using Tile = Vector<T>[R][V];

template <class T, int R, int V>
inline void sum_terms(const GatheredProduct<T>& p, const int64_t* row, Tile<T, R, V>& sums) {
  const T* panel = p.panel;
  for (int64_t k = 0; k < p.terms; ++k, panel += kPanel<T>) {
    const T* x = p.x + p.term[k];
    const Vector<T> left = load(panel), right = V > 1 ? load(panel + kWidth<T>) : left;
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const T factor = x[row[r]];
      sums[r][0] += factor * left;
      if constexpr (V > 1) sums[r][1] += factor * right;
    }
  }
}

// Stores the columns of a tile as rows.
template <class T, int R, int V>
inline void store_columns(const Tile<T, R, V>& sums, int64_t columns, T* out, int64_t step) {
  constexpr int W = kWidth<T>;
#pragma GCC unroll 2
  for (int half = 0; half < V; ++half) {
    const int64_t n = columns - half * W < W ? columns - half * W : W;
#pragma GCC unroll 4
    for (int first = 0; first < R; first += W) {
      Vector<T> square[W];
#pragma GCC unroll 16
      for (int i = 0; i < W; ++i) square[i] = first + i < R ? sums[first + i][half] : Vector<T>{};
      transpose<T>(square);
      const int rows = R - first < W ? R - first : W;
      T* to = out + half * W * step + first;
#pragma GCC unroll 16
      for (int j = 0; j < W; ++j)
        if (j < n)
          __builtin_memcpy(to + j * step, &square[j], sizeof(T) * static_cast<uint64_t>(rows));
    }
  }
}

// Stores the columns of a tile of `rows` rows at chosen places.
template <class T>
[[gnu::noinline]] void scatter_columns(const T* elements, int64_t rows, int64_t row,
                                       int64_t columns, T* out, int64_t step,
                                       const int64_t* target) {
  for (int64_t j = 0; j < columns; ++j)
    for (int64_t r = 0; r < rows; ++r) out[j * step + target[r]] = elements[r * row + j];
}

template <class T, int R, int V>
void multiply_tile(const GatheredProduct<T>& p, const int64_t* row, const T* start, T* out,
                   int64_t step, const int64_t* target) {
  Tile<T, R, V> sums;
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) sums[r][v] = load(start + v * kWidth<T>);
  sum_terms<T, R, V>(p, row, sums);
  if (!target) return store_columns<T, R, V>(sums, p.columns, out, step);
  T elements[R][V * kWidth<T>];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) store(elements[r] + v * kWidth<T>, sums[r][v]);
  scatter_columns(elements[0], R, V * kWidth<T>, p.columns, out, step, target);
}

template <class T, int R, int V>
void accumulate_tile(const GatheredProduct<T>& p, const int64_t* row, T* out, int64_t step) {
  Tile<T, R, V> sums = {};
  sum_terms<T, R, V>(p, row, sums);
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r, out += step)
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) store(out + v * kWidth<T>, load(out + v * kWidth<T>) + sums[r][v]);
}

// Calls f<R, V>(first) for tiles of R <= kRows rows, whose sizes differ by one at most, and V
// vectors of columns.
template <class T, class F>
inline void each_tile(const GatheredProduct<T>& p, F f) {
  const int64_t tiles = (p.rows + kRows - 1) / kRows;
  for (int64_t tile = 0; tile < tiles; ++tile) {
    const int64_t first = p.rows * tile / tiles, size = p.rows * (tile + 1) / tiles - first;
    [&]<int... I>(std::integer_sequence<int, I...>) {
      if (p.columns > kWidth<T>)
        ((size == I + 1 ? f.template operator()<I + 1, 2>(first) : void()), ...);
      else ((size == I + 1 ? f.template operator()<I + 1, 1>(first) : void()), ...);
    }
    (std::make_integer_sequence<int, kRows>());
  }
}

template <class T>
void multiply(const GatheredProduct<T>& p, const T* start, T* out, int64_t step,
              const int64_t* target) {
  each_tile(p, [&]<int R, int V>(int64_t first) {
    multiply_tile<T, R, V>(p, p.row + first, start, target ? out : out + first, step,
                           target ? target + first : nullptr);
  });
}

template <class T>
void accumulate(const GatheredProduct<T>& p, T* out, int64_t step) {
  each_tile(p, [&]<int R, int V>(int64_t first) {
    accumulate_tile<T, R, V>(p, p.row + first, out + first * step, step);
  });
}

template <class T>
void pack(const T* w, const int64_t* term, int64_t terms, int64_t columns, int64_t step, T* panel) {
  for (int64_t k = 0; k < terms; ++k, panel += kPanel<T>) {
    for (int64_t j = 0; j < columns; ++j) panel[j] = w[term[k] + j * step];
    for (int64_t j = columns; j < kPanel<T>; ++j) panel[j] = 0;
  }
}

template <class T>
void pack_transposed(const T* w, int64_t terms, int64_t columns, int64_t step, T* panel) {
  constexpr int W = kWidth<T>;
  const int64_t whole = terms / W * W;
  for (int64_t j = 0; j < kPanel<T>; j += W) {
    for (int64_t k = 0; k < whole; k += W) {
      Vector<T> square[W];
#pragma GCC unroll 16
      for (int i = 0; i < W; ++i)
        square[i] = j + i < columns ? load(w + (j + i) * step + k) : Vector<T>{};
      transpose<T>(square);
#pragma GCC unroll 16
      for (int i = 0; i < W; ++i) store(panel + (k + i) * kPanel<T> + j, square[i]);
    }
    for (int64_t k = whole; k < terms; ++k)
      for (int64_t i = j; i < j + W; ++i)
        panel[k * kPanel<T> + i] = i < columns ? w[i * step + k] : T(0);
  }
}

// Elements of a row that a stride selects from `first` on, counted in the padded row: `count`, of
// which those from begin to end are copied and the others are padding.
struct Selection {
  int64_t first, count, begin, end;
};

inline Selection selection(int64_t first, int64_t split, int64_t before, int64_t n, int64_t size) {
  const int64_t count = (size - first + split - 1) / split;
  const auto index = [&](int64_t i) {  // of the first element at or after i
    const int64_t j = i <= first ? 0 : (i - first + split - 1) / split;
    return j < count ? j : count;
  };
  return {first, count, index(before), index(before + n)};
}

template <class T>
inline void pad_part(const T* from, const Selection& s, int64_t split, T fill, T* out) {
  for (int64_t j = 0; j < s.begin; ++j) out[j] = fill;
  if (split == 1) {
#pragma GCC ivdep
    for (int64_t j = s.begin; j < s.end; ++j) out[j] = from[j];
  } else if (split == 2) {
#pragma GCC ivdep
    for (int64_t j = s.begin; j < s.end; ++j) out[j] = from[2 * j];
  } else {
    for (int64_t j = s.begin; j < s.end; ++j) out[j] = from[split * j];
  }
  for (int64_t j = s.end; j < s.count; ++j) out[j] = fill;
}

template <class T>
void pad_rows(const T* x, int64_t step, int64_t rows, int64_t before, int64_t n, int64_t after,
              T fill, int64_t split, T* out, int64_t pitch) {
  const int64_t size = before + n + after, part = (size + split - 1) / split;
  for (int64_t first = 0; first < split && first < size; ++first) {
    const Selection s = selection(first, split, before, n, size);
    for (int64_t r = 0; r < rows; ++r)
      pad_part(x + r * step + first - before, s, split, fill, out + r * pitch + first * part);
  }
}

template <class T>
constexpr ConvolutionKernels<T> kernels_of() {
  return {.width = width<T>,
          .pad_rows = pad_rows<T>,
          .pack = pack<T>,
          .pack_transposed = pack_transposed<T>,
          .multiply = multiply<T>,
          .accumulate = accumulate<T>};
}

}  // namespace

extern const ConvolutionKernels<float> convolution_f32 = kernels_of<float>();
extern const ConvolutionKernels<double> convolution_f64 = kernels_of<double>();

}  // namespace tapehead::kernels::TAPEHEAD_ISA

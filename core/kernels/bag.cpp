#include "tapehead/core/kernels/bag.h"

#include "tapehead/core/kernels/math.h"
#include "tapehead/core/kernels/vectors.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

constexpr int kMostVectors = 4;  // of columns at a time

// Adds V vectors of x or, if there are factors, of their products; the last has `last` elements.
template <class T, int V>
inline void accumulate(Vector<T> (&to)[V], const T* x, const T* factors, int64_t last) {
  constexpr int64_t W = kWidth<T>;
  const auto at = [=](const T* from, int v) {
    return v + 1 < V ? load(from + v * W) : load_some(from + v * W, last);
  };
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) to[v] += factors ? at(x, v) * at(factors, v) : at(x, v);
}

// Calls f<V>(first, last) for blocks of columns: V vectors from `first` on, of which the last has
// `last` elements.
template <class T, class F>
inline void each_block(int64_t width, F f) {
  constexpr int64_t W = kWidth<T>;
  for (int64_t first = 0; first < width; first += kMostVectors * W) {
    const int64_t columns = width - first < kMostVectors * W ? width - first : kMostVectors * W;
    const int64_t vectors = (columns + W - 1) / W;
    with_count<kMostVectors>(
        vectors, [&]<int V>() { f.template operator()<V>(first, columns - (V - 1) * W); });
  }
}

template <class T, int V>
inline void store_columns(T* to, const Vector<T> (&v)[V], int64_t last) {
#pragma GCC unroll 4
  for (int i = 0; i + 1 < V; ++i) store(to + i * kWidth<T>, v[i]);
  store_some(to + (V - 1) * kWidth<T>, v[V - 1], last);
}

template <class T>
void sum(const T* table, const int64_t* ids, int64_t skip, const T* factors, T* out, int64_t bags,
         int64_t n, int64_t width) {
  each_block<T>(width, [&]<int V>(int64_t first, int64_t last) {
    for (int64_t i = 0; i < bags; ++i) {
      Vector<T> total[V] = {};
      const int64_t* const id = ids + i * n;
      for (int64_t j = 0; j < n; ++j)
        if (id[j] != skip)
          accumulate(total, table + id[j] * width + first,
                     factors ? factors + j * width + first : nullptr, last);
      store_columns(out + i * width + first, total, last);
    }
  });
}

// Sums in blocks, so that the error grows with the number of blocks instead of positions.
template <class T>
void add_to_row(T* to, const T* dy, const T* factors, const int64_t* positions, int64_t count,
                int64_t n, int64_t width) {
  constexpr int64_t kBlock = 32;
  const double inverse = 1 / static_cast<double>(n);
  each_block<T>(width, [&]<int V>(int64_t first, int64_t last) {
    Vector<T> total[V] = {};
    for (int64_t begin = 0; begin < count; begin += kBlock) {
      const int64_t end = count - begin < kBlock ? count : begin + kBlock;
      Vector<T> block[V] = {};
      for (int64_t i = begin; i < end; ++i) {
        const int64_t p = positions[i];
        // p / n, as far from an integer as rounding cannot reach
        const auto bag = static_cast<int64_t>((static_cast<double>(p) + 0.5) * inverse);
        accumulate(block, dy + bag * width + first,
                   factors ? factors + (p - bag * n) * width + first : nullptr, last);
      }
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) total[v] += block[v];
    }
    accumulate(total, to + first, static_cast<const T*>(nullptr), last);
    store_columns(to + first, total, last);
  });
}

template <class T>
TAPEHEAD_NOT_CONTRACTED void add_exact_product(T* to, const T* x, const T* y, int64_t n) {
#pragma GCC ivdep
  for (int64_t c = 0; c < n; ++c) to[c] += x[c] * y[c];
}

}  // namespace

extern const BagKernels<float> bag_f32 = {sum<float>, add_to_row<float>, add_exact_product<float>};
extern const BagKernels<double> bag_f64 = {sum<double>, add_to_row<double>,
                                           add_exact_product<double>};

}  // namespace tapehead::kernels::TAPEHEAD_ISA

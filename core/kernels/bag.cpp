#include "tapehead/core/kernels/bag.h"

#include "tapehead/core/kernels/math.h"
#include "tapehead/core/kernels/vectors.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

constexpr int kMostVectors = 4;  // of columns at a time

// Vector v of V: the last one has `last` elements.
template <int V, class T>
inline Vector<T> read(const T* from, int v, int64_t last) {
  from += v * kWidth<T>;
  return v + 1 < V ? load(from) : load_some(from, last);
}
template <class T, int V>
inline void write(T* to, const Vector<T> (&x)[V], int64_t last) {
#pragma GCC unroll 4
  for (int v = 0; v + 1 < V; ++v) store(to + v * kWidth<T>, x[v]);
  store_some(to + (V - 1) * kWidth<T>, x[V - 1], last);
}

// Adds V vectors of x or, if there are factors, of their products.
template <class T, int V>
inline void accumulate(Vector<T> (&to)[V], const T* x, const T* factors, int64_t last) {
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v)
    to[v] += factors ? read<V>(x, v, last) * read<V>(factors, v, last) : read<V>(x, v, last);
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
      write(out + i * width + first, total, last);
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
    write(to + first, total, last);
  });
}

// Rows are read and written as whole vectors: the CPU would wait for stores of a part of one.
template <class T>
void add_to_rows(T* to, int64_t step, const int64_t* ids, int64_t skip, const T* dy,
                 const T* factors, int64_t bags, int64_t n, int64_t width) {
  each_block<T>(width, [&]<int V>(int64_t first, int64_t last) {
    for (int64_t i = 0; i < bags; ++i) {
      Vector<T> g[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) g[v] = read<V>(dy + i * width + first, v, last);
      for (int64_t j = 0; j < n; ++j) {
        const int64_t id = ids[i * n + j];
        if (id == skip) continue;
        T* const row = to + id * step + first;
        const T* const f = factors ? factors + j * width + first : nullptr;
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v)
          store(row + v * kWidth<T>,
                load(row + v * kWidth<T>) + (f ? g[v] * read<V>(f, v, last) : g[v]));
      }
    }
  });
}

template <class T>
TAPEHEAD_NOT_CONTRACTED void add_exact_product(T* to, const T* x, const T* y, int64_t n) {
#pragma GCC ivdep
  for (int64_t c = 0; c < n; ++c) to[c] += x[c] * y[c];
}

template <class T>
constexpr BagKernels<T> kKernels = {sum<T>, add_to_row<T>, add_to_rows<T>, add_exact_product<T>};

}  // namespace

extern const BagKernels<float> bag_f32 = kKernels<float>;
extern const BagKernels<double> bag_f64 = kKernels<double>;

}  // namespace tapehead::kernels::TAPEHEAD_ISA

#include "tapehead/core/kernels/bag.h"

#include "tapehead/core/kernels/math.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

constexpr int64_t kTile = 64;  // columns per block

template <class T>
void accumulate_matmul(T* to, const T* x, const T* factors, int64_t n) {
  if (factors == nullptr) {
    for (int64_t c = 0; c < n; ++c) to[c] += x[c];
  } else {
    for (int64_t c = 0; c < n; ++c) to[c] += x[c] * factors[c];
  }
}

template <class T>
void sum(const T* table, const int64_t* ids, int64_t skip, const T* factors, T* out, int64_t n,
         int64_t width) {
  for (int64_t first = 0; first < width; first += kTile) {
    const int64_t columns = width - first < kTile ? width - first : kTile;
    T total[kTile] = {};
    for (int64_t j = 0; j < n; ++j)
      if (ids[j] != skip)
        accumulate_matmul(total, table + ids[j] * width + first,
                          factors == nullptr ? nullptr : factors + j * width + first, columns);
    for (int64_t c = 0; c < columns; ++c) out[first + c] = total[c];
  }
}

// Sums in blocks, so that the error grows with the number of blocks instead of positions.
template <class T>
void add_to_row(T* to, const T* dy, const T* factors, const int64_t* positions, int64_t count,
                int64_t n, int64_t width) {
  constexpr int64_t kBlock = 32;
  for (int64_t first = 0; first < width; first += kTile) {
    const int64_t columns = width - first < kTile ? width - first : kTile;
    T total[kTile] = {};
    for (int64_t begin = 0; begin < count; begin += kBlock) {
      const int64_t end = count - begin < kBlock ? count : begin + kBlock;
      T block[kTile] = {};
      for (int64_t i = begin; i < end; ++i) {
        const int64_t p = positions[i];
        accumulate_matmul(block, dy + p / n * width + first,
                          factors == nullptr ? nullptr : factors + p % n * width + first, columns);
      }
      for (int64_t c = 0; c < columns; ++c) total[c] += block[c];
    }
    for (int64_t c = 0; c < columns; ++c) to[first + c] += total[c];
  }
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

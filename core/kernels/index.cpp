#include "tapehead/core/kernels/index.h"

#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T>
void add_rows(void* to_, const void* from_, int64_t stride, const int64_t* rows, int64_t count,
              int64_t width) {
  using C = Compute<T>;
  constexpr int64_t kTile = 256, kBlock = 32;
  T* to = static_cast<T*>(to_);
  const T* from = static_cast<const T*>(from_);
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
        for (int64_t i = 0; i < n; ++i)
          block[i] = static_cast<C>(wrap(block[i]) + wrap(static_cast<C>(row[i])));
      }
      for (int64_t i = 0; i < n; ++i) total[i] = static_cast<C>(wrap(total[i]) + wrap(block[i]));
    }
    for (int64_t i = 0; i < n; ++i) to[first + i] = static_cast<T>(total[i]);
  }
}

// Same-type copies depend only on the element size.
template <class T>
void gather(const Gathered& g) {
  const T* x = static_cast<const T*>(g.x);
  T* y = static_cast<T*>(g.y);
  for (int64_t k = 0; k < g.length; ++k) {
    const int64_t* index = g.indices + k * g.step_index;
    T* to = y + k * g.step_y;
#pragma GCC ivdep
    for (int64_t j = 0; j < g.columns; ++j)
      to[j * g.column_y] = x[index[j] * g.step_x + j * g.column_x];
  }
}

template <class T>
void add_gathered(const Gathered& g) {
  T* x = static_cast<T*>(g.x);
  const T* y = static_cast<const T*>(g.y);
  for (int64_t k = 0; k < g.length; ++k) {
    const int64_t* index = g.indices + k * g.step_index;
    for (int64_t j = 0; j < g.columns; ++j) {
      T& sum = x[index[j] * g.step_x + j * g.column_x];
      sum = static_cast<T>(wrap(sum) + wrap(y[k * g.step_y + j * g.column_y]));
    }
  }
}

}  // namespace

extern const IndexKernels index_kernels = {
    .add_rows = {add_rows<float>, add_rows<double>, add_rows<bfloat16>, add_rows<int64_t>,
                 add_rows<int32_t>, add_rows<uint8_t>, add_rows<bool>},
    .gather = {gather<int32_t>, gather<int64_t>, gather<int16_t>, gather<int64_t>, gather<int32_t>,
               gather<uint8_t>, gather<uint8_t>, gather<int16_t>, gather<int16_t>, gather<uint8_t>},
    .add_gathered = {add_gathered<float>, add_gathered<double>, nullptr, add_gathered<int64_t>,
                     add_gathered<int32_t>, add_gathered<uint8_t>, add_gathered<bool>},
};

}  // namespace tapehead::kernels::TAPEHEAD_ISA

// Elementwise kernels on strided rows in memory, run in the calling thread.
#pragma once

#include <initializer_list>
#include <utility>

#include "tapehead/core/kernels/elementwise_kernels.h"

namespace tapehead::core::strided {

/// Runs `loop` over n elements. Each operand is given with its stride, in elements.
template <class T>
void run(kernels::Loop loop, T* out, int64_t step,
         std::initializer_list<std::pair<const T*, int64_t>> operands, int64_t n) {
  const auto size = static_cast<int64_t>(sizeof(T));
  char* data[3] = {reinterpret_cast<char*>(out)};
  int64_t strides[3] = {step * size};
  int k = 1;
  for (const auto& [x, x_step] : operands) {
    data[k] = const_cast<char*>(reinterpret_cast<const char*>(x));
    strides[k++] = x_step * size;
  }
  loop(data, strides, n, nullptr);
}

/// to += x
template <class T>
void add(T* to, int64_t step, const T* x, int64_t x_step, int64_t n) {
  run<T>(kernels::loop(kernels::Binary::add, dtype_of<T>()), to, step, {{to, step}, {x, x_step}},
         n);
}
/// out = x * factor
template <class T>
void multiply(T* out, int64_t step, const T* x, int64_t x_step, T factor, int64_t n) {
  run<T>(kernels::loop(kernels::Binary::mul, dtype_of<T>()), out, step, {{x, x_step}, {&factor, 0}},
         n);
}
template <class T>
void copy(T* out, int64_t step, const T* x, int64_t x_step, int64_t n) {
  run<T>(kernels::cast_loop(dtype_of<T>(), dtype_of<T>()), out, step, {{x, x_step}}, n);
}

/// Converts n elements between types. Steps are in elements.
inline void convert(DType from_type, const void* from, int64_t from_step, DType to_type, void* to,
                    int64_t to_step, int64_t n) {
  char* data[2] = {static_cast<char*>(to), static_cast<char*>(const_cast<void*>(from))};
  const int64_t strides[2] = {to_step * size_of(to_type), from_step * size_of(from_type)};
  kernels::cast_loop(from_type, to_type)(data, strides, n, nullptr);
}

}  // namespace tapehead::core::strided

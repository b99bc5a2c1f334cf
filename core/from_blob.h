// Tensors over memory of the caller, without a copy.
//
// The memory must stay valid while the tensor, its views, or a graph that saved them are alive; a
// deleter is called with the pointer when the last of them is gone, by the thread that dropped it.
// In-place ops write to the memory. Over a pointer to const elements they throw ValueError instead;
// optimizers and data() do not check. Elements must be aligned for their type, and no more.
#pragma once

#include <functional>
#include <span>
#include <type_traits>

#include "tapehead/core/tensor.h"

namespace tapehead {

using Deleter = std::function<void(void*)>;

namespace core {

/// Checks the arguments of from_blob(), and makes the tensor.
Tensor from_blob(const void* data, DType dtype, const Shape& sizes, const Shape& strides,
                 bool read_only, const Deleter& deleter);
/// Throws ShapeError unless `sizes` have as many elements as the span.
void check_span(size_t elements, const Shape& sizes);

}  // namespace core

/// A tensor of the given sizes over elements in row-major order, such as
/// `from_blob(samples.data(), {n, 16000})`. Throws ValueError for a null or misaligned pointer,
/// ShapeError for negative sizes.
template <class T>
requires(!std::is_void_v<T>) Tensor
    from_blob(T* data, const Shape& sizes, const Deleter& deleter = {}) {
  return core::from_blob(data, dtype_of<std::remove_const_t<T>>(), sizes, contiguous_strides(sizes),
                         std::is_const_v<T>, deleter);
}
/// The same with strides, in elements. Throws ShapeError if one is negative, or unless there is one
/// for each size.
template <class T>
requires(!std::is_void_v<T>) Tensor
    from_blob(T* data, const Shape& sizes, const Shape& strides, const Deleter& deleter = {}) {
  return core::from_blob(data, dtype_of<std::remove_const_t<T>>(), sizes, strides,
                         std::is_const_v<T>, deleter);
}
/// The same for memory whose type is known at run time.
inline Tensor from_blob(void* data, const Shape& sizes, DType dtype, const Deleter& deleter = {}) {
  return core::from_blob(data, dtype, sizes, contiguous_strides(sizes), false, deleter);
}
inline Tensor from_blob(void* data, const Shape& sizes, const Shape& strides, DType dtype,
                        const Deleter& deleter = {}) {
  return core::from_blob(data, dtype, sizes, strides, false, deleter);
}
/// A tensor over a span: [n], or of the given sizes. Throws ShapeError unless these have n
/// elements.
template <class T>
Tensor from_blob(std::span<T> data) {
  return from_blob(data.data(), Shape{static_cast<int64_t>(data.size())});
}
template <class T>
Tensor from_blob(std::span<T> data, const Shape& sizes) {
  core::check_span(data.size(), sizes);
  return from_blob(data.data(), sizes);
}

}  // namespace tapehead

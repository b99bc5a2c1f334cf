// Joining and rearranging, of any dtype. ShapeError is thrown for sizes that do not fit,
// IndexError for axes out of range.
#pragma once

#include <cstdint>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// Concatenates tensors along an existing axis. All other sizes must be equal.
/// Example: cat({tensor({1, 2}), tensor({3})})  // [1, 2, 3]
Tensor cat(const std::vector<Tensor>& tensors, int64_t axis = 0);
/// Stacks tensors of equal shape along a new axis.
/// Example: stack({tensor({1, 2}), tensor({3, 4})}, 1)  // [[1, 3], [2, 4]]
Tensor stack(const std::vector<Tensor>& tensors, int64_t axis = 0);
/// Repeats x counts[i] times along axis i, as torch.Tensor.repeat. Additional counts add axes in
/// front.
/// Example: repeat(tensor({1, 2}), {2, 2})  // [[1, 2, 1, 2], [1, 2, 1, 2]]
Tensor repeat(const Tensor& x, const Shape& counts);
/// Reverses the given axes; a copy.
/// Example: flip(tensor({1, 2, 3}), 0)  // [3, 2, 1]
Tensor flip(const Tensor& x, const Shape& axes);
inline Tensor flip(const Tensor& x, int64_t axis) { return flip(x, Shape{axis}); }
/// Shifts elements along an axis by `shift` positions; elements shifted past the end reappear at
/// the start.
/// Example: roll(tensor({1, 2, 3}), 1, 0)  // [3, 1, 2]
Tensor roll(const Tensor& x, int64_t shift, int64_t axis);
/// Pads with `value`. As in PyTorch, `widths` holds the padding before and after the last axis,
/// then before and after the second to last, and so on. Negative widths crop. Throws ValueError if
/// the value is outside the range of the dtype of x.
/// Example: pad(tensor({1, 2}), {1, 2}, 9)  // [9, 1, 2, 9, 9]
Tensor pad(const Tensor& x, const std::vector<int64_t>& widths, const Number& value = 0);

/// What to pad with.
enum class PadMode : uint8_t {
  constant,   ///< with a value
  reflect,    ///< with the elements that mirror those at the ends; widths are less than the size
  replicate,  ///< with the elements at the ends
  circular    ///< with the elements at the other end; widths are at most the size
};
struct PadFuncOptions {
  PadMode mode = PadMode::constant;  ///< what to pad with
  Number value = 0;                  ///< of PadMode::constant
};
/// The same with other elements: `pad(x, {1, 1}, {.mode = PadMode::reflect})`. Throws ShapeError
/// for widths that the mode does not allow. (ops/pad.cpp)
/// Example: pad(tensor({1, 2, 3}), {2, 0}, {.mode = PadMode::reflect})  // [3, 2, 1, 2, 3]
Tensor pad(const Tensor& x, const std::vector<int64_t>& widths, const PadFuncOptions& options);
/// The lower (upper) triangle of the last two axes: elements below (above) the given diagonal are
/// kept, as are those on it; the others are 0.
/// Example: tril(ones({2, 3}, i64))  // [[1, 0, 0], [1, 1, 0]]
/// Example: triu(ones({2, 3}, i64), 1)  // [[0, 1, 1], [0, 0, 1]]
Tensor tril(const Tensor& x, int64_t diagonal = 0);
Tensor triu(const Tensor& x, int64_t diagonal = 0);

}  // namespace tapehead

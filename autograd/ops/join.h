// Joining and rearranging.
#pragma once

#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// Concatenates tensors along an existing axis. All other sizes must be equal.
Tensor cat(const std::vector<Tensor>& tensors, int64_t axis = 0);
/// Stacks tensors of equal shape along a new axis.
Tensor stack(const std::vector<Tensor>& tensors, int64_t axis = 0);
/// Repeats x counts[i] times along axis i, as torch.Tensor.repeat. Additional counts add axes in
/// front.
Tensor repeat(const Tensor& x, const Shape& counts);
/// Reverses the given axes; a copy.
Tensor flip(const Tensor& x, const Shape& axes);
inline Tensor flip(const Tensor& x, int64_t axis) { return flip(x, Shape{axis}); }
/// Shifts elements along an axis by `shift` positions; elements shifted past the end reappear at
/// the start.
Tensor roll(const Tensor& x, int64_t shift, int64_t axis);
/// Pads with `value`. As in PyTorch, `widths` holds the padding before and after the last axis,
/// then before and after the second to last, and so on. Negative widths crop. Throws ValueError if
/// the value is outside the range of the dtype of x.
Tensor pad(const Tensor& x, const std::vector<int64_t>& widths, const Number& value = 0);
/// The lower (upper) triangle of the last two axes: elements below (above) the given diagonal are
/// kept, as are those on it; the others are 0.
Tensor tril(const Tensor& x, int64_t diagonal = 0);
Tensor triu(const Tensor& x, int64_t diagonal = 0);

}  // namespace tapehead

// Elements that an op selected along an axis.
#pragma once

#include "tapehead/autograd/ops/order.h"
#include "tapehead/core/detail/order.h"

namespace tapehead::detail {

/// The elements of x at the positions along the axis, which core computed, recorded as gather().
/// Their values are gathered unless they are defined. Without keepdim, the axis, of size 1, is
/// removed.
ValuesAndIndices picked(const Tensor& x, int axis, const core::Ordered& found, bool keepdim = true);

/// Throws ShapeError if results would have no elements to choose from, as the axes of the mask are
/// empty.
void check_some(const char* op, const Tensor& x, uint32_t mask);

}  // namespace tapehead::detail

// Elements chosen by integers. Nothing here is recorded, and axes are already counted from the
// front.
#pragma once

#include <optional>
#include <string>

#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// `[3, 7]`: the position of element number i of a row-major tensor, for messages.
std::string position(const Shape& shape, int64_t i);

/// The indices as contiguous i64. Throws DTypeError unless they are integers, and IndexError with
/// the position of one outside 0..limit-1: `embedding: ids[3, 7] = 6001 is outside 0..5999`.
Tensor check_indices(const char* op, const char* what, const Tensor& indices, int64_t limit);

/// A row 0..rows-1 that an option names, negative ones counted from the end, and -1 for none.
/// Throws IndexError: `embedding: padding_idx = 9 is outside -4..3`.
int64_t check_row(const char* op, const char* what, const std::optional<int64_t>& row,
                  int64_t rows);

// `indices` came from check_indices.

/// x[…, indices, …]: the axis is replaced by the indices' axes.
Tensor take(const Tensor& x, int axis, const Tensor& indices);
/// Adds `x`, shaped as take gives it, to where take reads it from. Indices equal to `skip` are left
/// out. Every element is summed in an order that depends on shapes and indices alone.
void add_taken(const Tensor& to, int axis, const Tensor& indices, const Tensor& x,
               int64_t skip = -1);

/// out[i, j, k] = x[i, indices[i, j, k], k] for axis 1, of the indices' shape.
Tensor gather(const Tensor& x, int axis, const Tensor& indices);
/// Adds `x`, shaped as gather gives it, to where gather reads it from.
void add_gathered(const Tensor& to, int axis, const Tensor& indices, const Tensor& x);

/// The positions of the elements that are not 0, in a row-major tensor of that shape: i64 [n].
Tensor nonzero_positions(const Tensor& x);

}  // namespace tapehead::core

// Indexing by integer tensors. Nothing here is recorded; axes are not negative.
#pragma once

#include <optional>
#include <string>

#include "tapehead/core/tensor.h"

namespace tapehead::kernels {
enum class Scatter : uint8_t;
}

namespace tapehead::core {

/// The position of element i of a row-major tensor, formatted for messages: `[3, 7]`.
std::string position(const Shape& shape, int64_t i);

/// Returns the indices as contiguous i64. Throws DTypeError unless they are integers, and
/// IndexError with the position of the first one outside 0..limit-1:
/// `embedding: ids[3, 7] = 6001 is outside 0..5999`.
Tensor check_indices(const char* op, const char* what, const Tensor& indices, int64_t limit);

/// As check_indices(), for indices that count from the end if negative, -limit..limit-1; returns
/// them as 0..limit-1.
Tensor wrap_indices(const char* op, const char* what, const Tensor& indices, int64_t limit);

/// Converts an optional row index, possibly negative, to one in 0..rows-1, or to -1 if not given.
/// Throws IndexError: `embedding: padding_idx = 9 is outside -4..3`.
int64_t check_row(const char* op, const char* what, const std::optional<int64_t>& row,
                  int64_t rows);

// The functions below take `indices` as returned by check_indices() or wrap_indices(). They read
// the elements of other tensors with any strides, but not their dtypes: x has the dtype of `to`.

/// x[…, indices, …]: replaces the axis by the axes of `indices`.
Tensor take(const Tensor& x, int axis, const Tensor& indices);
/// Stores `x`, of the shape that take() returns, in the elements of `to` that it reads. Of several
/// for one element, the last is stored.
void put_taken(const Tensor& to, int axis, const Tensor& indices, const Tensor& x);
/// The adjoint of take(): adds `x`, of the shape that take() returns, to the elements of `to` that
/// it reads. Indices equal to `skip` are left out. The order of the additions depends on shapes and
/// indices alone.
void add_taken(const Tensor& to, int axis, const Tensor& indices, const Tensor& x,
               int64_t skip = -1);

/// For axis 1: out[i, j, k] = x[i, indices[i, j, k], k]. The result has the shape of `indices`.
Tensor gather(const Tensor& x, int axis, const Tensor& indices);
/// Combines the elements of `to` that gather() reads with `x`, of the shape that it returns, in
/// order. With Scatter::add, the adjoint of gather().
void scatter(const Tensor& to, int axis, const Tensor& indices, const Tensor& x,
             kernels::Scatter how);

/// The flat positions of the non-zero elements, in row-major order: i64 [n].
Tensor nonzero_positions(const Tensor& x);

}  // namespace tapehead::core

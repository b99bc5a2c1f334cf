// Repeated and rearranged elements; copies, except for meshgrid().
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// Repeats each position of an axis `repeats` times in a row; without an axis, each element of the
/// flattened tensor. Throws ValueError for a negative number.
Tensor repeat_interleave(const Tensor& x, int64_t repeats, std::optional<int64_t> axis = {});
/// The same with a number of repeats for each position: integers [n] or [1].
Tensor repeat_interleave(const Tensor& x, const Tensor& repeats, std::optional<int64_t> axis = {});
/// repeat() that takes counts for the last axes only, as numpy.tile.
Tensor tile(const Tensor& x, const Shape& counts);
/// Shifts along several axes, each by its own number of positions; without axes, along the
/// flattened tensor.
Tensor roll(const Tensor& x, const Shape& shifts, const Shape& axes = {});
/// flip() of the second axis (left to right), and of the first (up to down).
Tensor fliplr(const Tensor& x);
Tensor flipud(const Tensor& x);
/// Rotates the plane of two axes by k times 90 degrees, from the first towards the second.
Tensor rot90(const Tensor& x, int64_t k = 1, const Shape& axes = {0, 1});

/// Coordinates of a grid from those of its axes, each 0-d or [n]: one tensor for each axis, all of
/// the grid's shape, as views. `indexing` is "ij" or, with the first two axes of the result
/// swapped, "xy".
std::vector<Tensor> meshgrid(const std::vector<Tensor>& tensors, std::string_view indexing = "ij");
/// All combinations of one element of each tensor [n]: rows of [product of the sizes, number of
/// tensors].
Tensor cartesian_prod(const std::vector<Tensor>& tensors);
/// All combinations of r elements of x [n], in order: [number of them, r].
Tensor combinations(const Tensor& x, int64_t r = 2, bool with_replacement = false);

}  // namespace tapehead

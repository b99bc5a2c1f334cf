// Repeated and rearranged elements of any dtype; copies, except for meshgrid(). IndexError is
// thrown for axes out of range, ShapeError for shapes that do not fit.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// Repeats each position of an axis `repeats` times in a row; without an axis, each element of the
/// flattened tensor. Throws ValueError for a negative number.
/// Example: repeat_interleave(tensor({1, 2}), 2)  // [1, 1, 2, 2]
Tensor repeat_interleave(const Tensor& x, int64_t repeats, std::optional<int64_t> axis = {});
/// The same with a number of repeats for each position: integers [n] or [1].
/// Example: repeat_interleave(tensor({1, 2}), tensor({3, 1}))  // [1, 1, 1, 2]
Tensor repeat_interleave(const Tensor& x, const Tensor& repeats, std::optional<int64_t> axis = {});
/// repeat() that takes counts for the last axes only, as numpy.tile.
/// Example: tile(tensor({1, 2}), {2})  // [1, 2, 1, 2]
Tensor tile(const Tensor& x, const Shape& counts);
/// Shifts along several axes, each by its own number of positions; without axes, along the
/// flattened tensor.
/// Example: roll(tensor({{1, 2}, {3, 4}}), {1, 1}, {0, 1})  // [[4, 3], [2, 1]]
Tensor roll(const Tensor& x, const Shape& shifts, const Shape& axes = {});
/// flip() of the second axis (left to right), and of the first (up to down).
/// Example: fliplr(tensor({{1, 2}, {3, 4}}))  // [[2, 1], [4, 3]]
/// Example: flipud(tensor({{1, 2}, {3, 4}}))  // [[3, 4], [1, 2]]
Tensor fliplr(const Tensor& x);
Tensor flipud(const Tensor& x);
/// Rotates the plane of two axes by k times 90 degrees, from the first towards the second.
/// Example: rot90(tensor({{1, 2}, {3, 4}}))  // [[2, 4], [1, 3]]
Tensor rot90(const Tensor& x, int64_t k = 1, const Shape& axes = {0, 1});

/// Coordinates of a grid from those of its axes, each 0-d or [n]: one tensor for each axis, all of
/// the grid's shape, as views. `indexing` is "ij" or, with the first two axes of the result
/// swapped, "xy".
/// Example: meshgrid({arange(2), arange(3)})  // [[0, 0, 0], [1, 1, 1]]; [[0, 1, 2], [0, 1, 2]]
std::vector<Tensor> meshgrid(const std::vector<Tensor>& tensors, std::string_view indexing = "ij");
/// All combinations of one element of each tensor [n]: rows of [product of the sizes, number of
/// tensors].
/// Example: cartesian_prod({tensor({1, 2}), tensor({3, 4})})  // [[1, 3], [1, 4], [2, 3], [2, 4]]
Tensor cartesian_prod(const std::vector<Tensor>& tensors);
/// All combinations of r elements of x [n], in order: [number of them, r].
/// Example: combinations(tensor({1, 2, 3}))  // [[1, 2], [1, 3], [2, 3]]
Tensor combinations(const Tensor& x, int64_t r = 2, bool with_replacement = false);

}  // namespace tapehead

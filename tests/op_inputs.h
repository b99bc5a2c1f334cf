// What the checks of a row are made of: operands drawn for a sample, tensors of any layout,
// comparisons.
#pragma once

#include <optional>
#include <random>
#include <string>

#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

/// How the elements of a tensor lie in memory.
enum class Layout {
  kPlain,        // row-major
  kTurned,       // the first axis is the innermost
  kStepped,      // every second element, after an offset
  kSpreadFirst,  // stride 0 along the first axis: its positions must hold the same values
  kSpreadLast,
};
inline constexpr Layout kStridedLayouts[] = {Layout::kTurned, Layout::kStepped,
                                             Layout::kSpreadFirst, Layout::kSpreadLast};
const char* name(Layout layout);

/// Random values for every operand of the sample, the same at every call.
Arrays draw(const Sample& sample);
/// Random values in -1..1.
Array draw_gradient(const Shape& shape, uint64_t seed);
/// What the values become in the type.
Array rounded(Array x, DType dtype);
/// The values that a tensor of this layout can hold: those at position 0 are repeated along a
/// spread axis.
Array fitting(Array x, Layout layout);

Tensor to_tensor(const Array& x, DType dtype, Layout layout = Layout::kPlain);
/// Floating operands in `dtype`, indices in i64, masks in bool.
Tensors to_tensors(const Sample& sample, const Arrays& values, DType dtype,
                   Layout layout = Layout::kPlain);
Array to_array(const Tensor& t);

/// How far results of a type may be from exact ones: |error| <= of_value |exact| + absolute.
struct Tolerance {
  double of_value, absolute;
};
/// For results up to `scale` that sum up `terms` and were rounded to the type `roundings` times.
Tolerance tolerance(DType dtype, int64_t terms, int64_t roundings, double scale);
/// The largest finite magnitude, at least 1.
double scale_of(const Array& x);

/// Says what is wrong at the first element that differs too much: `at [1, 2] is 0.5, not 0.4 (±
/// 1e-07)`.
std::optional<std::string> difference(const Array& got, const Array& wanted, Tolerance tolerance);

}  // namespace tapehead::op_tests

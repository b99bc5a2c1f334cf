// Helpers of the checks: operands drawn for a sample, tensors of any layout, and comparisons.
#pragma once

#include <optional>
#include <random>
#include <string>

#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

/// Memory layouts of a tensor.
enum class Layout {
  kPlain,        // row-major
  kTurned,       // the first axis is innermost
  kStepped,      // every second element, after an offset
  kSpreadFirst,  // stride 0 along the first axis, so values repeat along it
  kSpreadLast,
};
inline constexpr Layout kStridedLayouts[] = {Layout::kTurned, Layout::kStepped,
                                             Layout::kSpreadFirst, Layout::kSpreadLast};
const char* name(Layout layout);

/// Random values for every operand of the sample; the same on every call.
Arrays draw(const Sample& sample);
/// Random values in [-1, 1].
Array draw_gradient(const Shape& shape, uint64_t seed);
/// The values after rounding to the dtype.
Array rounded(Array x, DType dtype);
/// Makes the values representable in a layout: along an expanded axis, those at position 0 are
/// repeated.
Array fitting(Array x, Layout layout);

Tensor to_tensor(const Array& x, DType dtype, Layout layout = Layout::kPlain);
/// Floating operands in `dtype`, indices in i64, masks in bool.
Tensors to_tensors(const Sample& sample, const Arrays& values, DType dtype,
                   Layout layout = Layout::kPlain);
Array to_array(const Tensor& t);

/// The maximum error of results of a dtype: |error| <= of_value |exact| + absolute. Results beyond
/// `largest`, the largest number of the dtype, may also be infinite.
struct Tolerance {
  double of_value, absolute, largest = INFINITY;
};
/// The tolerance for results of magnitude up to `scale` that are sums of `terms` terms and were
/// rounded to the dtype `roundings` times.
Tolerance tolerance(DType dtype, int64_t terms, int64_t roundings, double scale);
/// The largest finite magnitude, but at least 1.
double scale_of(const Array& x);

/// Describes the first element that differs by more than the tolerance:
/// `at [1, 2] is 0.5, not 0.4 (± 1e-07)`.
std::optional<std::string> difference(const Array& got, const Array& wanted, Tolerance tolerance);

}  // namespace tapehead::op_tests

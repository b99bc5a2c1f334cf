// Cumulative sums and other scans along an axis, differences, and integrals of sampled
// functions, of numeric types. IndexError is thrown for axes out of range, ShapeError for shapes
// that do not fit, DTypeError for types that a function does not take.
#pragma once

#include "tapehead/autograd/ops/order.h"
#include "tapehead/core/tensor.h"

namespace tapehead {

struct ScanOptions {
  bool reverse = false;    ///< from the end of the axis to its start
  bool exclusive = false;  ///< of the elements before each one, without itself
};

/// Cumulative sum. Integers and bool are summed as i64. `cumsum(x, 1, {.reverse = true})`
/// Example: cumsum(tensor({1, 2, 3}), 0, {.reverse = true})  // [6, 5, 3]
Tensor cumsum(const Tensor& x, int64_t axis, const ScanOptions& options = {});
/// Cumulative product; its gradient is exact at zeros. Integers and bool are multiplied as i64.
/// Example: cumprod(tensor({1, 2, 3}), 0)  // [1, 2, 6]
Tensor cumprod(const Tensor& x, int64_t axis, const ScanOptions& options = {});
/// log(cumsum(exp(x))) of a floating tensor, without overflow. Elements of -inf receive no
/// gradient.
/// Example: logcumsumexp(tensor({0.0, 0.0}), 0)  // [0.0000, 0.6931]
Tensor logcumsumexp(const Tensor& x, int64_t axis, const ScanOptions& options = {});
/// The largest or smallest element so far, and its index; of equal elements, the one seen last,
/// which receives the gradient. If exclusive, the first value is the lowest or highest of the
/// dtype, and its index -1.
/// Example: cummax(tensor({1, 3, 2}), 0)  // [1, 3, 3]; [0, 1, 1]
/// Example: cummin(tensor({2, 3, 1}), 0)  // [2, 2, 1]; [0, 0, 2]
ValuesAndIndices cummax(const Tensor& x, int64_t axis, const ScanOptions& options = {});
ValuesAndIndices cummin(const Tensor& x, int64_t axis, const ScanOptions& options = {});

/// The n-th differences along an axis: for n = 1, x[i + 1] - x[i]. For bool, whether they differ.
/// `prepend` and `append`, which may be undefined, are joined to x first. Throws ValueError if n is
/// negative.
/// Example: diff(tensor({1, 4, 9}))  // [3, 5]
Tensor diff(const Tensor& x, int64_t n = 1, int64_t axis = -1, const Tensor& prepend = {},
            const Tensor& append = {});
/// The integral along an axis by the trapezoidal rule, with samples y at distances dx, or at the
/// positions x: [size of the axis], or a tensor that broadcasts to y.
/// Example: trapezoid(tensor({0.0, 1.0, 4.0}))  // 3.
Tensor trapezoid(const Tensor& y, double dx = 1, int64_t axis = -1);
Tensor trapezoid(const Tensor& y, const Tensor& x, int64_t axis = -1);
/// The integrals up to each sample but the first.
/// Example: cumulative_trapezoid(tensor({0.0, 1.0, 4.0}))  // [0.5, 3.0]
Tensor cumulative_trapezoid(const Tensor& y, double dx = 1, int64_t axis = -1);
Tensor cumulative_trapezoid(const Tensor& y, const Tensor& x, int64_t axis = -1);

}  // namespace tapehead

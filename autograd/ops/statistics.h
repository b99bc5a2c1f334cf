// Histograms and covariances of floating tensors, unless stated otherwise. DTypeError is thrown for
// other types, ShapeError for shapes that do not fit.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

/// How often each of 0, 1, … occurs in x [n], non-negative integers: [max(largest + 1, minlength)],
/// i64. With weights [n], their sums, of their dtype, or f64 for integers; they have gradients.
/// Throws IndexError with the position of a negative number.
/// Example: bincount(tensor({0, 2, 2}))  // [1, 0, 2]
Tensor bincount(const Tensor& x, const Tensor& weights = {}, int64_t minlength = 0);
/// The numbers of elements of a floating tensor in `bins` equal parts of [min, max], of which the
/// last includes max: [bins], of the dtype of x. Others, and NaN, are not counted. If min equals
/// max, they are the smallest and largest element. Throws ValueError if they are not finite, or
/// bins < 1.
/// Example: histc(tensor({0.1, 0.2, 0.9}), 2, 0, 1)  // [2., 1.]
Tensor histc(const Tensor& x, int64_t bins = 100, double min = 0, double max = 0);

struct CovOptions {
  double correction = 1;  ///< subtracted from the number of observations
  Tensor fweights = {};   ///< how often each observation is repeated: integers [N]
  Tensor aweights = {};   ///< the importance of each observation [N]
};
/// The covariance matrix of the variables in the rows of x [V, N], of N observations each: [V, V].
/// Of one variable [N], its variance, 0-d.
/// Example: cov(tensor({{1.0, 3.0}, {2.0, 4.0}}))  // [[2., 2.], [2., 2.]]
Tensor cov(const Tensor& x, const CovOptions& options = {});
/// The matrix of correlation coefficients of the rows, within -1..1.
/// Example: corrcoef(randn({3, 100}))  // shape [3, 3]
Tensor corrcoef(const Tensor& x);

}  // namespace tapehead

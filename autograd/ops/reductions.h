// Reductions over the given axes, or over all elements if none are given. Reduced axes are
// removed, or kept with size 1 if `keepdim`. NaN propagates.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

/// The sum; 0 if empty. Integers and bool are summed as i64. (ops/sum.cpp)
Tensor sum(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// The mean of a floating tensor; NaN if empty. (ops/sum.cpp)
Tensor mean(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// The product; 1 if empty. Integers and bool are multiplied as i64. (ops/prod.cpp)
Tensor prod(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// The variance of a floating tensor: the sum of squared distances from the mean, divided by n -
/// correction. (ops/variance.cpp)
Tensor var(const Tensor& x, const Axes& axes = {}, bool keepdim = false, double correction = 1);
/// The standard deviation, sqrt(var): torch.std, renamed because of namespace std.
/// (ops/variance.cpp)
Tensor stddev(const Tensor& x, const Axes& axes = {}, bool keepdim = false, double correction = 1);
/// The p-norm of a floating tensor, (sum |x|^p)^(1/p), for any p, as linalg_vector_norm().
/// (ops/variance.cpp)
Tensor norm(const Tensor& x, double p = 2, const Axes& axes = {}, bool keepdim = false);
/// Cosine similarity along an axis, x y / max(|x| |y|, eps). Operands broadcast; integers are
/// converted to f32. (ops/cosine_similarity.cpp)
Tensor cosine_similarity(const Tensor& x, const Tensor& y, int64_t axis = 1, double eps = 1e-8);
/// log(sum(exp(x))) of a floating tensor, without overflow. (ops/softmax.cpp)
Tensor logsumexp(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// Whether any element, or every element, is non-zero: bool. If empty, any() is false and all() is
/// true. (ops/count.cpp)
Tensor any(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
Tensor all(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// The number of non-zero elements, i64. (ops/count.cpp)
Tensor count_nonzero(const Tensor& x, const Axes& axes = {});
/// Cumulative sum along an axis. Integers and bool are summed as i64. (ops/prod.cpp)
Tensor cumsum(const Tensor& x, int64_t axis);
/// Reverses a broadcast: sums x over the axes along which a tensor of `shape` was broadcast to the
/// shape of x. Throws ShapeError if `shape` does not broadcast to it. (ops/sum.cpp)
Tensor sum_to(const Tensor& x, const Shape& shape);

}  // namespace tapehead

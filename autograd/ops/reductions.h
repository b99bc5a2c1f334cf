// Reductions over the given axes, or over all elements if none are given. Reduced axes are
// removed, or kept with size 1 if `keepdim`. NaN propagates. IndexError is thrown for axes out
// of range, DTypeError for types that an op does not take.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

/// The sum; 0 if empty. Integers and bool are summed as i64. (ops/sum.cpp)
/// Example: sum(tensor({{1, 2}, {3, 4}}), 1)  // [3, 7]
Tensor sum(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// The mean of a floating tensor; NaN if empty. (ops/sum.cpp)
/// Example: mean(tensor({{1.0, 2.0}, {3.0, 4.0}}), 0, true)  // [[2., 3.]]
Tensor mean(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// sum() and mean() of the elements that are not NaN, which receive no gradient. nansum() takes any
/// dtype; nanmean() is NaN if all are. (ops/sum.cpp)
/// Example: nansum(log(tensor({-1.0, 1.0})))  // 0.
/// Example: nanmean(log(tensor({-1.0, 1.0})))  // 0.
Tensor nansum(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
Tensor nanmean(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// The product; 1 if empty. Integers and bool are multiplied as i64. (ops/prod.cpp)
/// Example: prod(tensor({{1, 2}, {3, 4}}), 1)  // [2, 12]
Tensor prod(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// The variance of a floating tensor: the sum of squared distances from the mean, divided by n -
/// correction. (ops/variance.cpp)
/// Example: var(tensor({1.0, 3.0}))  // 2.
Tensor var(const Tensor& x, const Axes& axes = {}, bool keepdim = false, double correction = 1);
/// The standard deviation, sqrt(var): torch.std, renamed because of namespace std.
/// (ops/variance.cpp)
/// Example: stddev(tensor({1.0, 3.0}), {}, false, 0)  // 1.
Tensor stddev(const Tensor& x, const Axes& axes = {}, bool keepdim = false, double correction = 1);
/// The results of var_mean().
struct VarMean {
  Tensor var, mean;  ///< of one shape
};
/// The results of std_mean().
struct StddevMean {
  Tensor stddev, mean;  ///< of one shape
};
/// var() and mean(), or stddev() and mean(). (ops/variance.cpp)
/// Example: var_mean(tensor({1.0, 3.0})).var  // 2.
/// Example: std_mean(tensor({1.0, 3.0}), {}, false, 0).stddev  // 1.
VarMean var_mean(const Tensor& x, const Axes& axes = {}, bool keepdim = false,
                 double correction = 1);
StddevMean std_mean(const Tensor& x, const Axes& axes = {}, bool keepdim = false,
                    double correction = 1);
/// The p-norm of a floating tensor, (sum |x|^p)^(1/p), for any p, as linalg_vector_norm().
/// (ops/variance.cpp)
/// Example: norm(tensor({3.0, -4.0}))  // 5.
Tensor norm(const Tensor& x, double p = 2, const Axes& axes = {}, bool keepdim = false);
/// Cosine similarity along an axis, x y / max(|x| |y|, eps). Operands broadcast; integers are
/// converted to f32. (ops/cosine_similarity.cpp)
/// Example: cosine_similarity(tensor({{1.0, 0.0}}), tensor({{1.0, 1.0}}))  // [0.7071]
Tensor cosine_similarity(const Tensor& x, const Tensor& y, int64_t axis = 1, double eps = 1e-8);
/// log(sum(exp(x))) of a floating tensor, without overflow. (ops/softmax.cpp)
/// Example: logsumexp(tensor({{1000.0, 1000.0}, {0.0, 0.0}}), 1)  // [1000.6932, 0.6931]
Tensor logsumexp(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// Whether any element, or every element, is non-zero: bool. If empty, any() is false and all() is
/// true. (ops/count.cpp)
/// Example: any(tensor({{0, 2}, {0, 0}}), 1)  // [true, false]
/// Example: all(tensor({{1, 2}, {0, 1}}), 1)  // [true, false]
Tensor any(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
Tensor all(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// The number of non-zero elements, i64. (ops/count.cpp)
/// Example: count_nonzero(tensor({{0, 2}, {1, 1}}))  // 3
Tensor count_nonzero(const Tensor& x, const Axes& axes = {});
/// Reverses a broadcast: sums x over the axes along which a tensor of `shape` was broadcast to the
/// shape of x. Throws ShapeError if `shape` does not broadcast to it. (ops/sum.cpp)
/// Example: sum_to(ones({2, 3}), {1, 3})  // [[2., 2., 2.]]
Tensor sum_to(const Tensor& x, const Shape& shape);

}  // namespace tapehead

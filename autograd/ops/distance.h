// Norms of floating vectors and distances between them. DTypeError is thrown for other types,
// IndexError for axes out of range, ShapeError for sizes that do not fit.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

/// The norm of order `ord` over the axes of a floating tensor: (sum |x|^ord)^(1/ord); for infinity
/// the largest |x|, for -infinity the smallest, for 0 the number of elements that are not 0. The
/// gradient is 0 for a norm of 0, and for the order 0. (ops/vector_norm.cpp)
/// Example: linalg_vector_norm(tensor({3.0, -4.0}))  // 5.
Tensor linalg_vector_norm(const Tensor& x, double ord = 2, const Axes& axes = {},
                          bool keepdim = false);
/// x / max(|x|_p, eps), with norms along an axis. (ops/vector_norm.cpp)
/// Example: normalize(tensor({{3.0, 4.0}, {0.0, 2.0}}))  // [[0.6, 0.8], [0.0, 1.0]]
Tensor normalize(const Tensor& x, double p = 2, int64_t axis = 1, double eps = 1e-12);
/// The p-norm of x1 - x2 + eps along the last axis; the operands broadcast. (ops/vector_norm.cpp)
/// Example: pairwise_distance(randn({32, 128}), randn({32, 128}))  // shape [32]
Tensor pairwise_distance(const Tensor& x1, const Tensor& x2, double p = 2, double eps = 1e-6,
                         bool keepdim = false);

/// The p-norm distances between all rows of x1 [..., P, M] and x2 [..., R, M]: [..., P, R]. p is at
/// least 0; batch axes broadcast. Operands are f32, f64, or bf16 and f16 (computed in f32). As in
/// PyTorch, Euclidean distances of more than 25 rows are computed with a matrix product, as the
/// root of |x|²
/// + |y|² - 2 x y: the square of a distance has an error in proportion to |x|² and |y|². Second
/// derivatives take memory for all differences, [..., P, R, M].
/// Example: cdist(tensor({{0.0, 0.0}, {3.0, 4.0}}), tensor({{0.0, 0.0}}))  // [[0.], [5.]]
Tensor cdist(const Tensor& x1, const Tensor& x2, double p = 2);
/// The p-norm distances between the pairs of rows i < j of x [N, M], in the order (0, 1), (0, 2),
/// …, (N-2, N-1): [N (N - 1) / 2]. Types and second derivatives as in cdist().
/// Example: pdist(tensor({{0.0, 0.0}, {3.0, 4.0}, {0.0, 1.0}}))  // [5.0000, 1.0000, 4.2426]
Tensor pdist(const Tensor& x, double p = 2);

}  // namespace tapehead

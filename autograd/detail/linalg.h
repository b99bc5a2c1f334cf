// Shared by the ops of linalg.h.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::detail {

inline Tensor transposed(const Tensor& x) { return x.transpose(-1, -2); }
/// x, in f32 if autocast is on and it is bf16. Throws unless it is a batch of f32 or f64 matrices.
[[nodiscard]] Tensor checked_matrices(const char* op, const Tensor& x);
/// The same; also throws unless the matrices are square.
[[nodiscard]] Tensor checked_square(const char* op, const Tensor& x);
/// x [..., M, N] with its batch axes expanded to `batch`.
Tensor expand_batch(const Tensor& x, const Shape& batch);
/// Whether b is a batch of vectors for the matrices a, rather than of matrices: a vector, or of the
/// shape of a without the last axis.
bool is_vectors(const Tensor& a, const Tensor& b);
/// The gradient of x, given the gradient `dp` of its pseudoinverse p.
Tensor pinv_gradient(const Tensor& x, const Tensor& p, const Tensor& dp);

}  // namespace tapehead::detail

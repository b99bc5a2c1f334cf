// Factorisations of batches of matrices by OpenBLAS's LAPACK, without gradient tracking. Matrices
// are f32 or f64, and stored in column-major order: a matrix with M rows and N columns is the last
// two axes of a contiguous tensor [..., N, M]. The matrices of a batch are computed in parallel,
// one thread for each.
//
// Errors start with `op` and name the matrix by its number in the batch.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::core::lapack {

/// A column-major copy of x [..., M, N].
Tensor columns_of(const Tensor& x);
/// The matrix at position `i` of a batch of `x` for messages: "the matrix" without batch axes, else
/// "matrix 3 of the batch".
std::string matrix_name(const Tensor& x, int64_t i);
/// Throws ValueError if an element is NaN or infinite: the algorithms might not terminate.
void check_finite(const char* op, const Tensor& x);

/// Replaces the triangle of symmetric matrices by their Cholesky factor; the other triangle is
/// kept. In column-major order, `upper` factors x = u' u. Throws ValueError if a matrix is not
/// positive-definite.
void cholesky(const char* op, const Tensor& x, bool upper);

struct Lu {
  Tensor lu;      ///< [..., N, M]
  Tensor pivots;  ///< i32 [..., min(M, N)]: row i was swapped with row pivots[i] - 1
  Tensor zero;    ///< i32 [...]: 1 + the position of the first pivot that is 0, or 0
};
/// Factors x [..., N, M] in place.
Lu lu(const Tensor& x);
/// Throws ValueError if a pivot is 0.
void check_not_singular(const char* op, const Lu& lu);
/// Replaces b [..., K, N] by the solution of A x = b, or A' x = b if `transposed`.
void lu_solve(const Lu& lu, const Tensor& b, bool transposed);

/// Replaces x [..., N, M] by Householder vectors and r; returns their factors [..., min(M, N)].
Tensor qr(const Tensor& x);
/// Replaces the Householder vectors x [..., K, M] by the first K columns of q, given the factors.
void householder_product(const Tensor& x, const Tensor& factors);

/// Eigenvalues of symmetric matrices x, in ascending order: [..., N]. If `vectors`, x is replaced
/// by the eigenvectors, as columns. Reads one triangle of x, in column-major order. Throws
/// ValueError if the algorithm does not converge.
Tensor eigh(const char* op, const Tensor& x, bool upper, bool vectors);

struct Svd {
  Tensor u, s, vt;
};
/// Singular values in descending order, and the first K = min(M, N) singular vectors, or all if
/// `full`; u and vt are undefined unless `vectors`. Overwrites x. Throws like eigh().
Svd svd(const char* op, const Tensor& x, bool vectors, bool full);

struct LeastSquares {
  Tensor ranks;            ///< i64 [...]
  Tensor singular_values;  ///< [..., min(M, N)]
};
/// Replaces the first N rows of b [..., K, max(M, N)] by the solution of least norm. Singular
/// values up to rcond times the largest count as 0. Overwrites x. Throws like eigh().
LeastSquares least_squares(const char* op, const Tensor& x, const Tensor& b, double rcond);

/// Replaces b [..., M, K] (row-major) by the solution of a x = b, or of x a = b for b [..., K, M]
/// unless `left`, for triangular matrices a [..., M, M] (row-major).
struct Triangular {
  bool upper, left, unit, transposed;
};
void solve_triangular(const Tensor& a, const Tensor& b, const Triangular& kind);

}  // namespace tapehead::core::lapack

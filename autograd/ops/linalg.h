// Factorisations of matrices and what is computed with them, as torch.linalg. Operands are f32 or
// f64; x [..., M, N] is a batch of matrices, which are factored in parallel. All functions throw
// DTypeError for other types, ShapeError, and ValueError, with the number of the matrix in the
// batch, for matrices that have no result: singular, not positive-definite, or with NaN or infinity
// where an algorithm might not end.
//
// Derivatives are those of Giles 2008, "Collected matrix derivative results for forward and reverse
// mode algorithmic differentiation", unless stated otherwise. Functions of symmetric matrices read
// one triangle only; their gradient is symmetric.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// The Cholesky factor of symmetric positive-definite x [..., N, N]: lower triangular with x = L
/// L', or upper triangular with x = U' U. Reads the triangle that it returns. (ops/cholesky.cpp)
/// Example: linalg_cholesky(tensor({{4.0, 2.0}, {2.0, 5.0}}))  // [[2., 0.], [1., 2.]]
Tensor linalg_cholesky(const Tensor& x, bool upper = false);
/// The solution X of A X = b, given the Cholesky factor of A; b [..., N, K]. (ops/cholesky.cpp)
/// Example: cholesky_solve(tensor({{4.0}, {6.0}}), tensor({{2.0, 0.0}, {1.0, 2.0}}))
///     // [[0.5], [1.0]]
Tensor cholesky_solve(const Tensor& b, const Tensor& factor, bool upper = false);
/// The inverse of A, given its Cholesky factor. (ops/cholesky.cpp)
/// Example: cholesky_inverse(tensor({{2.0, 0.0}, {0.0, 4.0}}))
///     // [[0.2500, 0.0000], [0.0000, 0.0625]]
Tensor cholesky_inverse(const Tensor& factor, bool upper = false);

/// q with orthonormal columns and upper triangular r with x = q r. With K = min(M, N): "reduced"
/// gives q [..., M, K] and r [..., K, N]; "complete" q [..., M, M] and r [..., M, N]; "r" an empty
/// q and the reduced r. The signs are those of LAPACK: elements of r's diagonal may be negative.
/// The gradient needs the first min(M, N) columns of x to be independent; "complete" has none for M
/// > N, nor has "r": backward() throws GraphError. (ops/qr.cpp)
/// Example: linalg_qr(randn({8, 5, 3}))  // shape [8, 5, 3]; [8, 3, 3]
std::array<Tensor, 2> linalg_qr(const Tensor& x, std::string_view mode = "reduced");

/// Eigenvalues [..., N], ascending, and eigenvectors as columns [..., N, N] of symmetric x. Reads
/// the lower triangle, or the upper one for uplo = "U". Eigenvectors are not unique: each may be
/// multiplied by -1, and those of equal eigenvalues rotated. Gradients are meaningful for functions
/// that do not depend on this choice; those of eigenvectors are not finite if eigenvalues are
/// equal. (ops/eigh.cpp)
/// Example: linalg_eigh(tensor({{2.0, 0.0}, {0.0, 1.0}}))  // shape [2]; [2, 2]
std::array<Tensor, 2> linalg_eigh(const Tensor& x, std::string_view uplo = "L");
/// Eigenvalues only. (ops/eigh.cpp)
/// Example: linalg_eigvalsh(tensor({{2.0, 1.0}, {1.0, 2.0}}))  // [1., 3.]
Tensor linalg_eigvalsh(const Tensor& x, std::string_view uplo = "L");

/// u, s and vh with x = u diag(s) vh: orthonormal columns u, descending singular values s [..., K],
/// K = min(M, N), and orthonormal rows vh. u is [..., M, M] and vh [..., N, N], or u [..., M, K]
/// and vh [..., K, N] unless full_matrices. Singular vectors are not unique; see linalg_eigh().
/// Their gradients are not finite if singular values are equal, or 0 in a matrix that is not
/// square; those of the vectors beyond K, which x does not determine, are ignored. (ops/svd.cpp)
/// Example: linalg_svd(randn({8, 5, 3}), false)  // shape [8, 5, 3]; [8, 3]; [8, 3, 3]
std::array<Tensor, 3> linalg_svd(const Tensor& x, bool full_matrices = true);
/// Singular values only. (ops/svd.cpp)
/// Example: linalg_svdvals(tensor({{3.0, 0.0}, {0.0, -4.0}}))  // [4., 3.]
Tensor linalg_svdvals(const Tensor& x);

/// p, l and u with x = p l u: a permutation matrix, a lower triangular matrix [..., M, K] with ones
/// on its diagonal and an upper triangular matrix [..., K, N], K = min(M, N). (ops/lu.cpp)
/// Example: linalg_lu(randn({8, 3, 3}))  // shape [8, 3, 3]; [8, 3, 3]; [8, 3, 3]
std::array<Tensor, 3> linalg_lu(const Tensor& x);
/// l (without its diagonal) and u in one matrix [..., M, N], and the pivots, i32 [..., K]: row i
/// was swapped with row pivots[i] - 1. (ops/lu.cpp)
/// Example: linalg_lu_factor(randn({8, 3, 3}))  // shape [8, 3, 3]; [8, 3]
std::array<Tensor, 2> linalg_lu_factor(const Tensor& x);
/// The solution X [..., N, K] of A X = b, given the results of linalg_lu_factor(A); of A' X = b if
/// `adjoint`; of X A = b for b [..., K, N] unless `left`. (ops/lu.cpp)
/// Example: const auto [lu, pivots] = linalg_lu_factor(randn({3, 3})); linalg_lu_solve(lu, pivots,
///     randn({3, 2}))  // shape [3, 2]
Tensor linalg_lu_solve(const Tensor& lu, const Tensor& pivots, const Tensor& b, bool left = true,
                       bool adjoint = false);

/// The solution X of a X = b, for a [..., N, N] and b [..., N, K]; of X a = b for b [..., K, N]
/// unless `left`. Batches broadcast. b is a batch of vectors if it has one axis, or the shape of a
/// without the last axis, as in PyTorch. (ops/solve.cpp)
/// Example: linalg_solve(tensor({{2.0, 0.0}, {1.0, 4.0}}), tensor({2.0, 9.0}))  // [1., 2.]
Tensor linalg_solve(const Tensor& a, const Tensor& b, bool left = true);
/// The same for triangular a, of which only that triangle is read; its diagonal is taken as 1 if
/// `unitriangular`. Without a check: the result is infinite for zeros on the diagonal. b is a
/// matrix. (ops/solve.cpp)
/// Example: linalg_solve_triangular(tensor({{2.0, 0.0}, {1.0, 4.0}}), tensor({{2.0}, {9.0}}),
///     false)  // [[1.], [2.]]
Tensor linalg_solve_triangular(const Tensor& a, const Tensor& b, bool upper, bool left = true,
                               bool unitriangular = false);
/// The inverse of x [..., N, N]. To multiply by it, linalg_solve() is faster and more precise.
/// (ops/solve.cpp)
/// Example: linalg_inv(tensor({{2.0, 0.0}, {0.0, 4.0}}))  // [[0.50, 0.00], [0.00, 0.25]]
Tensor linalg_inv(const Tensor& x);
/// The n-th power of x [..., N, N] by repeated squaring; of the inverse for negative n.
/// (ops/matrix_functions.cpp)
/// Example: matrix_power(tensor({{1.0, 1.0}, {0.0, 1.0}}), 5)  // [[1., 5.], [0., 1.]]
Tensor matrix_power(const Tensor& x, int64_t n);
/// exp(x) = I + x + x² / 2 + … of x [..., N, N]: Padé approximant and squaring. Higham 2005, "The
/// scaling and squaring method for the matrix exponential revisited". (ops/matrix_functions.cpp)
/// Example: linalg_matrix_exp(tensor({{0.0, 1.0}, {0.0, 0.0}}))  // [[1., 1.], [0., 1.]]
Tensor linalg_matrix_exp(const Tensor& x);

/// The determinant of x [..., N, N]: [...]. The second derivative needs a matrix that is not
/// singular. (ops/det.cpp)
/// Example: linalg_det(tensor({{2.0, 1.0}, {1.0, 3.0}}))  // 5.
Tensor linalg_det(const Tensor& x);
/// The sign of the determinant and the logarithm of its absolute value: 0 and -infinity for
/// singular matrices, which have no gradient. (ops/det.cpp)
/// Example: linalg_slogdet(tensor({{2.0, 1.0}, {1.0, 3.0}}))  // 1.; 1.6094
std::array<Tensor, 2> linalg_slogdet(const Tensor& x);
/// The logarithm of the determinant; NaN if it is negative. (ops/det.cpp)
/// Example: logdet(tensor({{2.0, 1.0}, {1.0, 3.0}}))  // 1.6094
Tensor logdet(const Tensor& x);

/// Which singular values count as 0: those up to max(atol, rtol times the largest). Defaults: atol
/// is 0; rtol is the machine epsilon times max(M, N), or 0 if only atol is given.
struct RankOptions {
  std::optional<double> atol = {}, rtol = {};
  bool hermitian = false;  ///< x is symmetric: uses the eigenvalues of its lower triangle
};
/// The pseudoinverse [..., N, M] of x. The gradient is that for a constant rank: Golub and Pereyra
/// 1973, "The differentiation of pseudo-inverses and nonlinear least squares problems whose
/// variables separate". (ops/pinv.cpp)
/// Example: linalg_pinv(randn({8, 5, 3}))  // shape [8, 3, 5]
Tensor linalg_pinv(const Tensor& x, const RankOptions& options = {});
/// The number of singular values that do not count as 0: i64 [...]. (ops/pinv.cpp)
/// Example: linalg_matrix_rank(tensor({{1.0, 2.0}, {2.0, 4.0}}))  // 1
Tensor linalg_matrix_rank(const Tensor& x, const RankOptions& options = {});
/// The solution X [..., N, K] of least norm that minimises |a X - b|, for a [..., M, N] and b [...,
/// M, K]; vectors b as in linalg_solve(). Also the squared residuals [..., K] (K = 1 for
/// vectors) if M > N and all matrices have rank N, else an empty tensor; the ranks, i64 [...]; and
/// the singular values of a. Singular values up to rcond (default: epsilon times max(M, N)) times
/// the largest count as 0. Like PyTorch's driver "gelsd"; the gradient is that for a constant rank.
/// (ops/pinv.cpp)
/// Example: linalg_lstsq(randn({8, 5, 3}), randn({8, 5, 2}))[0]  // shape [8, 3, 2]
std::array<Tensor, 4> linalg_lstsq(const Tensor& a, const Tensor& b,
                                   std::optional<double> rcond = {});

/// The norm of matrices in two axes: "fro", the root of the sum of squares; "nuc", the sum of the
/// singular values. (ops/matrix_norm.cpp)
/// Example: linalg_matrix_norm(tensor({{3.0, 0.0}, {0.0, 4.0}}), "nuc")  // 7.
Tensor linalg_matrix_norm(const Tensor& x, std::string_view ord = "fro",
                          const Shape& axes = {-2, -1}, bool keepdim = false);
/// The largest singular value for 2, the largest sum of magnitudes of a column for 1, of a row for
/// infinity; the smallest for -2, -1 and -infinity. (ops/matrix_norm.cpp)
/// Example: linalg_matrix_norm(tensor({{3.0, 0.0}, {0.0, 4.0}}), 2)  // 4.
Tensor linalg_matrix_norm(const Tensor& x, double ord, const Shape& axes = {-2, -1},
                          bool keepdim = false);
/// The root of the sum of squares of all elements. (ops/matrix_norm.cpp)
/// Example: linalg_norm(tensor({{3.0, 0.0}, {0.0, 4.0}}))  // 5.
Tensor linalg_norm(const Tensor& x);
/// linalg_vector_norm() over one axis, or over all of a vector x; linalg_matrix_norm() over two
/// axes, or both of a matrix. (ops/matrix_norm.cpp)
Tensor linalg_norm(const Tensor& x, double ord, const Shape& axes = {}, bool keepdim = false);
/// linalg_matrix_norm() over two axes, or both of a matrix. (ops/matrix_norm.cpp)
Tensor linalg_norm(const Tensor& x, std::string_view ord, const Shape& axes = {},
                   bool keepdim = false);

}  // namespace tapehead

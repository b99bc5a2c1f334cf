// linalg_cholesky, cholesky_solve, cholesky_inverse.
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/linalg.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/lapack.h"

namespace tapehead {
namespace {

using detail::transposed;

// The lower factor.
struct Cholesky : CustomOp {
  static constexpr const char* kName = "linalg_cholesky";
  Tensor forward(const Tensor& x) {
    const Tensor factor = core::clone(x);
    core::lapack::cholesky(kName, factor, true);  // the lower triangle of a row-major matrix
    return save(tril(factor));
  }
  // l'^-1 sym(l' dl) l^-1 / 2, where sym copies the lower triangle to the upper. Murray 2016,
  // "Differentiation of the Cholesky decomposition".
  Tensor backward(const Tensor& dl) const {
    const Tensor l = saved(0), product = matmul(transposed(l), dl);
    const Tensor symmetric = tril(product) + transposed(tril(product, -1));
    const Tensor left = linalg_solve_triangular(transposed(l), symmetric, true);
    return linalg_solve_triangular(l, left, false, false) * 0.5;
  }
};

}  // namespace

Tensor linalg_cholesky(const Tensor& given, bool upper) {
  const Tensor x = detail::checked_square(Cholesky::kName, given);
  return upper ? transposed(apply<Cholesky>(transposed(x))) : apply<Cholesky>(x);
}

Tensor cholesky_solve(const Tensor& given_b, const Tensor& given_factor, bool upper) {
  const Tensor b = detail::checked_matrices("cholesky_solve", given_b);
  const Tensor factor = detail::checked_square("cholesky_solve", given_factor);
  const Tensor lower = upper ? transposed(factor) : factor;
  return linalg_solve_triangular(transposed(lower), linalg_solve_triangular(lower, b, false), true);
}

Tensor cholesky_inverse(const Tensor& given_factor, bool upper) {
  const Tensor factor = detail::checked_square("cholesky_inverse", given_factor);
  return cholesky_solve(eye(factor.size(-1), factor.dtype()), factor, upper);
}

}  // namespace tapehead

// Properties of the factors that the functions of linalg.h return, which hold whatever their signs.
#include <doctest/doctest.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/parallel.h"

using namespace tapehead;

namespace {

Tensor transposed(const Tensor& x) { return x.transpose(-1, -2); }
bool close(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape()) return false;
  const double tolerance = a.dtype() == f64 ? 1e-12 : 1e-4;
  return a.numel() == 0 || amax(abs(a - b)).item() < tolerance;
}
bool has_orthonormal_columns(const Tensor& q) {
  return close(matmul(transposed(q), q),
               eye(q.size(-1), q.dtype()).expand(matmul(transposed(q), q).shape()));
}

}  // namespace

TEST_CASE("factors of matrices multiply to the matrices") {
  Generator random{5};
  for (const DType dtype : {f32, f64})
    for (const Shape& shape : {Shape{1, 1},
                               {5, 5},
                               {3, 40, 17},
                               {2, 2, 9, 24},
                               {40, 3, 3},
                               {0, 3, 3},
                               {2, 0, 0},
                               {3, 0}}) {
      CAPTURE(shape.str());
      const Tensor x = randn(shape, dtype, random);
      const bool tall = x.size(-2) > x.size(-1);
      for (const char* mode : {"reduced", "complete"}) {
        const auto [q, r] = linalg_qr(x, mode);
        CHECK(close(matmul(q, r), x));
        CHECK(has_orthonormal_columns(q));
        CHECK(close(r, triu(r)));
        CHECK(q.size(-1) == (tall && *mode == 'r' ? x.size(-1) : x.size(-2)));
        CHECK(close(linalg_qr(x, "r")[1].abs(), linalg_qr(x)[1].abs()));
      }
      for (const bool full : {false, true}) {
        const auto [u, s, vh] = linalg_svd(x, full);
        const int64_t K = s.size(-1);
        CHECK(close(matmul(u.slice(-1, 0, K) * s.unsqueeze(-2), vh.slice(-2, 0, K)), x));
        CHECK(has_orthonormal_columns(u));
        CHECK(has_orthonormal_columns(transposed(vh)));
        CHECK(close(s, linalg_svdvals(x)));
        CHECK(u.size(-1) == (full ? x.size(-2) : K));
      }
      const auto [p, l, u] = linalg_lu(x);
      CHECK(close(matmul(matmul(p, l), u), x));
      CHECK(close(l, tril(l)));
      CHECK(close(u, triu(u)));
      CHECK(close(matmul(matmul(x, linalg_pinv(x)), x), x));
    }
}

TEST_CASE("factors of symmetric matrices, read from one triangle") {
  Generator random{6};
  for (const DType dtype : {f32, f64})
    for (const Shape& shape : {Shape{1, 1}, {30, 30}, {20, 3, 3}, {0, 2, 2}, {2, 0, 0}}) {
      CAPTURE(shape.str());
      const Tensor half = randn(shape, dtype, random);
      const Tensor x = matmul(half, transposed(half)) + eye(shape.back(), dtype);
      for (const bool upper : {false, true}) {
        const Tensor read = upper ? triu(x) : tril(x);
        const auto [w, q] = linalg_eigh(read, upper ? "U" : "L");
        CHECK(close(matmul(q * w.unsqueeze(-2), transposed(q)) / 100, x / 100));
        CHECK(has_orthonormal_columns(q));
        CHECK(close(w / 100, linalg_eigvalsh(read, upper ? "U" : "L") / 100));
        const Tensor factor = linalg_cholesky(read, upper);
        const Tensor lower = upper ? transposed(factor) : factor;
        CHECK(close(lower, tril(lower)));
        CHECK(close(matmul(lower, transposed(lower)) / 100, x / 100));
        CHECK(close(matmul(cholesky_inverse(factor, upper), x),
                    eye(shape.back(), dtype).expand(shape)));
      }
    }
}

TEST_CASE("the gradient of the determinant of a singular matrix has the cofactors") {
  Tensor x =
      tensor({{{1, 2}, {2, 4}}, {{0, 0}, {0, 0}}, {{1, 2}, {3, 4}}}, f64).set_requires_grad();
  sum(linalg_det(x)).backward();
  CHECK(close(x.grad(), tensor({{{4, -2}, {-2, 1}}, {{0, 0}, {0, 0}}, {{4, -3}, {-2, 1}}}, f64)));
}

TEST_CASE("gradients of eigenvalues and singular values that are equal are finite") {
  Tensor x = eye(3, f64).set_requires_grad();
  (sum(linalg_eigvalsh(x)) + sum(linalg_svdvals(x))).backward();
  CHECK(close(x.grad(), 2 * eye(3, f64)));
}

TEST_CASE("least squares of matrices without full rank") {
  const Tensor a = tensor({{1, 1}, {1, 1}, {1, 1}}, f64);
  const auto [x, residuals, ranks, values] = linalg_lstsq(a, tensor({1, 2, 6}, f64));
  CHECK(close(x, tensor({1.5, 1.5}, f64)));
  CHECK(residuals.numel() == 0);
  CHECK(ranks.item() == 1);
  CHECK(linalg_matrix_rank(a).item() == 1);
}

TEST_CASE("results of factorisations do not depend on the number of threads") {
  const Tensor x = randn({150, 150}, f64);
  const auto results = [&] {
    const auto [u, s, vh] = linalg_svd(x);
    return cat({linalg_inv(x), u, vh, linalg_eigh(x)[1], linalg_qr(x)[0]});
  };
  const int before = num_threads();
  set_num_threads(1);
  const Tensor one = results();
  set_num_threads(2);
  CHECK(all(one == results()).item() == 1);
  set_num_threads(before);
}

// linalg_solve, linalg_solve_triangular, linalg_inv.
#include <fmt/format.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/linalg.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/lapack.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

using core::lapack::columns_of;
using detail::transposed;

// a x = b for matrices of the same batch.
struct Solve : CustomOp {
  static constexpr const char* kName = "linalg_solve";
  core::lapack::Lu factors;

  Tensor forward(const Tensor& a, const Tensor& b) {
    save(a);
    factors = core::lapack::lu(columns_of(a));
    core::lapack::check_not_singular(kName, factors);
    const Tensor x = columns_of(b);
    core::lapack::lu_solve(factors, x, false);
    return save(transposed(x));
  }
  std::array<Tensor, 2> backward(const Tensor& dx) const {
    const Tensor db = solve_transposed(dx);
    return {needs_grad(0) ? -matmul(db, transposed(saved(1))) : Tensor(), db};
  }

 private:
  Tensor solve_transposed(const Tensor& dx) const {
    if (is_grad_enabled()) return linalg_solve(transposed(saved(0)), dx);
    const Tensor db = columns_of(dx);
    core::lapack::lu_solve(factors, db, true);
    return transposed(db);
  }
  void forget() override { factors = {}; }
};

struct SolveTriangular : CustomOp {
  static constexpr const char* kName = "linalg_solve_triangular";
  bool upper = false, left = true, unit = false;

  Tensor forward(const Tensor& a, const Tensor& b, bool is_upper, bool from_left, bool has_ones) {
    upper = is_upper, left = from_left, unit = has_ones;
    save(a);
    const Tensor x = core::clone(b);
    const bool by_columns = transposed(a).is_contiguous() && !a.is_contiguous();
    core::lapack::solve_triangular(by_columns ? transposed(a) : core::contiguous(a), x,
                                   {upper != by_columns, left, unit, by_columns});
    return save(x);
  }
  std::array<Tensor, 2> backward(const Tensor& dx) const {
    const Tensor x = saved(1);
    const Tensor db = linalg_solve_triangular(transposed(saved(0)), dx, !upper, left, unit);
    if (!needs_grad(0)) return {Tensor(), db};
    const Tensor da = left ? matmul(db, transposed(x)) : matmul(transposed(x), db);
    return {-(upper ? triu(da, unit) : tril(da, -int64_t{unit})), db};
  }
};

struct Inverse : CustomOp {
  static constexpr const char* kName = "linalg_inv";
  Tensor forward(const Tensor& x) {
    const core::lapack::Lu factors = core::lapack::lu(columns_of(x));
    core::lapack::check_not_singular(kName, factors);
    const Tensor y = columns_of(eye(x.size(-1), x.dtype()).expand(x.shape()));
    core::lapack::lu_solve(factors, y, false);
    return save(transposed(y));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor y = transposed(saved(0));
    return -matmul(matmul(y, dy), y);
  }
};

// Throws unless b [..., N, K] fits a [..., N, N], or b [..., K, N] unless `left`.
void check_sides(const char* op, const Tensor& a, const Tensor& b, bool left) {
  if (a.dtype() != b.dtype())
    throw DTypeError(fmt::format("{}: a is {}, b is {}; convert one of them with to()", op,
                                 name(a.dtype()), name(b.dtype())));
  if (a.size(-1) != b.size(left ? -2 : -1))
    throw ShapeError(fmt::format("{}: a is {}, b is {}; b.size({}) must equal a.size(-1)", op,
                                 a.shape().str(), b.shape().str(), left ? -2 : -1));
}

}  // namespace

Tensor linalg_solve(const Tensor& given_a, const Tensor& b, bool left) {
  const Tensor a = detail::checked_square(Solve::kName, given_a);
  const bool vectors = detail::is_vectors(a, b);
  if (vectors && !left)
    throw ShapeError(
        fmt::format("linalg_solve: b {} is a batch of vectors; left = false needs "
                    "matrices",
                    b.shape().str()));
  const Tensor y = detail::checked_matrices(Solve::kName, vectors ? b.unsqueeze(-1) : b);
  check_sides(Solve::kName, a, y, left);
  if (!left) return transposed(linalg_solve(transposed(a), transposed(y)));
  const Shape batch = broadcast_shapes(Solve::kName, core::batch_of(a), core::batch_of(y));
  const Tensor x = apply<Solve>(detail::expand_batch(a, batch), detail::expand_batch(y, batch));
  return vectors ? x.squeeze(-1) : x;
}

Tensor linalg_solve_triangular(const Tensor& given_a, const Tensor& given_b, bool upper, bool left,
                               bool unitriangular) {
  constexpr const char* kName = SolveTriangular::kName;
  const Tensor a = detail::checked_square(kName, given_a);
  const Tensor b = detail::checked_matrices(kName, given_b);
  check_sides(kName, a, b, left);
  const Shape batch = broadcast_shapes(kName, core::batch_of(a), core::batch_of(b));
  return apply<SolveTriangular>(detail::expand_batch(a, batch), detail::expand_batch(b, batch),
                                upper, left, unitriangular);
}

Tensor linalg_inv(const Tensor& given) {
  const Tensor x = detail::checked_square(Inverse::kName, given);
  return apply<Inverse>(x);
}

}  // namespace tapehead

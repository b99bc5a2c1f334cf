// linalg_lu, linalg_lu_factor, linalg_lu_solve.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/linalg.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/lapack.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

using detail::transposed;

// The permutation matrices p [..., M, M] with x = p l u.
Tensor permutations(const Tensor& pivots, int64_t M, DType dtype) {
  Shape shape = pivots.shape();
  const int64_t K = shape.back();
  shape[shape.rank() - 1] = M;
  shape.push_back(M);
  const Tensor out = core::full(shape, 0, dtype), swaps = core::contiguous(pivots);
  std::vector<int64_t> rows(static_cast<size_t>(M));
  for (int64_t b = 0; K > 0 && b < swaps.numel() / K; ++b) {
    std::iota(rows.begin(), rows.end(), int64_t{0});
    for (int64_t i = 0; i < K; ++i) {
      const int64_t pivot = swaps.data<int32_t>()[b * K + i] - 1;
      if (pivot < 0 || pivot >= M)
        throw IndexError(fmt::format("linalg_lu_solve: pivots[{}] = {} is outside 1..{}", b * K + i,
                                     pivot + 1, M));
      std::swap(rows[static_cast<size_t>(i)], rows[static_cast<size_t>(pivot)]);
    }
    visit_wide(dtype, [&]<class T>() {
      for (int64_t i = 0; i < M; ++i)
        out.data<T>()[(b * M + rows[static_cast<size_t>(i)]) * M + i] = 1;
    });
  }
  return out;
}

// The unit lower and the upper triangular part of lu [..., M, N].
std::pair<Tensor, Tensor> parts_of(const Tensor& lu) {
  const int64_t M = lu.size(-2), K = std::min(M, lu.size(-1));
  return {tril(lu.slice(-1, 0, K), -1) + eye(M, K, lu.dtype()), triu(lu.slice(-2, 0, K))};
}

// Both triangular matrices in one; the pivots are written to a tensor, because they have no
// gradient.
struct LuFactor : CustomOp {
  static constexpr const char* kName = "linalg_lu_factor";
  Tensor permutation;

  Tensor forward(const Tensor& x, Tensor* pivots) {
    const core::lapack::Lu factors = core::lapack::lu(core::lapack::columns_of(x));
    *pivots = factors.pivots;
    permutation = permutations(factors.pivots, x.size(-2), x.dtype());
    return save(transposed(factors.lu));
  }

  // For square matrices: p l'^-1 (tril(l' dl, -1) + triu(du u')) u'^-1. Otherwise, with blocks of
  // x that are l1 u1, l1 u2 and l2 u1, those of l2 and u2 first pass their gradients on to l1 and
  // u1.
  Tensor backward(const Tensor& d) const {
    const Tensor lu = saved(0);
    const int64_t M = lu.size(-2), N = lu.size(-1), K = std::min(M, N);
    const auto [l, u] = parts_of(lu);
    const Tensor l1 = transposed(l.slice(-2, 0, K)), u1 = transposed(u.slice(-1, 0, K));
    const Tensor d1 = d.slice(-2, 0, K).slice(-1, 0, K);
    Tensor of_l = matmul(l1, tril(d1, -1)), of_u = matmul(triu(d1), u1);
    Tensor beside, below;
    if (N > K) {
      const Tensor d2 = d.slice(-1, K, N);
      of_l = of_l - matmul(d2, transposed(u.slice(-1, K, N)));
      beside = linalg_solve_triangular(l1, d2, true, true, true);
    }
    if (M > K) {
      const Tensor d2 = d.slice(-2, K, M);
      of_u = of_u - matmul(transposed(l.slice(-2, K, M)), d2);
      below = linalg_solve_triangular(u1, d2, false, false);
    }
    const Tensor right = linalg_solve_triangular(u1, tril(of_l, -1) + triu(of_u), false, false);
    Tensor dx = linalg_solve_triangular(l1, right, true, true, true);
    if (beside.defined()) dx = cat({dx, beside}, -1);
    if (below.defined()) dx = cat({dx, below}, -2);
    return matmul(permutation, dx);
  }

 private:
  void forget() override { permutation = {}; }
};

}  // namespace

std::array<Tensor, 2> linalg_lu_factor(const Tensor& given) {
  const Tensor x = detail::checked_matrices(LuFactor::kName, given);
  Tensor pivots;
  const Tensor lu = apply<LuFactor>(x, &pivots);
  return {lu, pivots};
}

std::array<Tensor, 3> linalg_lu(const Tensor& given) {
  const Tensor x = detail::checked_matrices("linalg_lu", given);
  Tensor pivots;
  const Tensor lu = apply<LuFactor>(x, &pivots);
  const auto [l, u] = parts_of(lu);
  return {permutations(pivots, x.size(-2), x.dtype()), l, u};
}

Tensor linalg_lu_solve(const Tensor& given_lu, const Tensor& pivots, const Tensor& given_b,
                       bool left, bool adjoint) {
  constexpr const char* kName = "linalg_lu_solve";
  const Tensor lu = detail::checked_square(kName, given_lu);
  const Tensor b = detail::checked_matrices(kName, given_b);
  const AutocastMode off(bf16, false);
  Shape expected = lu.shape();
  expected.erase(expected.rank() - 1);
  if (pivots.dtype() != i32)
    throw DTypeError(fmt::format("{}: expected i32 pivots, got {}", kName, core::describe(pivots)));
  if (pivots.shape() != expected)
    throw ShapeError(fmt::format("{}: lu is {}, pivots are {}; expected {}", kName,
                                 lu.shape().str(), pivots.shape().str(), expected.str()));
  if (!left) return transposed(linalg_lu_solve(lu, pivots, transposed(b), true, !adjoint));
  const Tensor p = permutations(pivots, lu.size(-1), lu.dtype());
  if (!adjoint)
    return linalg_solve_triangular(
        lu, linalg_solve_triangular(lu, matmul(transposed(p), b), false, true, true), true);
  const Tensor t = transposed(lu);
  return matmul(p,
                linalg_solve_triangular(t, linalg_solve_triangular(t, b, false), true, true, true));
}

}  // namespace tapehead

#include "tapehead/autograd/ops/linalg.h"

#include <cmath>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/parity/parity.h"

namespace tapehead::parity {
namespace {

Tensor transposed(const Tensor& x) { return x.transpose(-1, -2); }
Tensor symmetric(const Tensor& x) { return x + transposed(x); }
Tensor spd(const Tensor& x) { return matmul(x, transposed(x)) + eye(x.size(-1), x.dtype()); }
template <size_t N>
Tensors list(const std::array<Tensor, N>& results) {
  return Tensors(results.begin(), results.end());
}

// Functions of factors that do not depend on their signs.
Tensors svd_results(const Tensors& x) {
  const auto [u, s, vh] = linalg_svd(x[0], false);
  return {square(u), s, square(vh), matmul(u * square(s.unsqueeze(-2)), vh)};
}
Tensors eigh_results(const Tensors& x) {
  const auto [w, q] = linalg_eigh(symmetric(x[0]));
  return {w, square(q), matmul(q * square(w.unsqueeze(-2)), transposed(q))};
}
template <bool kLeft, bool kAdjoint>
Tensors lu_solve_results(const Tensors& x) {
  const auto [lu, pivots] = linalg_lu_factor(x[0]);
  return {linalg_lu_solve(lu, pivots, x[1], kLeft, kAdjoint)};
}
Tensors lstsq_results(const Tensors& x) {
  const auto results = linalg_lstsq(x[0], x[1]);
  return {results[0], results[1]};
}

}  // namespace

// clang-format off
const Family kLinalg("linalg", {
  {"cholesky", [](const Tensors& x) { return Tensors{linalg_cholesky(spd(x[0]))}; }},
  {"cholesky/upper", [](const Tensors& x) { return Tensors{linalg_cholesky(spd(x[0]), true)}; }},
  {"cholesky_solve", [](const Tensors& x) { return Tensors{cholesky_solve(x[0], tril(x[1]))}; }},
  {"cholesky_solve/upper", [](const Tensors& x) { return Tensors{cholesky_solve(x[0], triu(x[1]), true)}; }},
  {"cholesky_inverse", [](const Tensors& x) { return Tensors{cholesky_inverse(tril(x[0]))}; }},
  {"qr/3x3", [](const Tensors& x) { return list(linalg_qr(x[0])); }},
  {"svd/3x3", svd_results},
  {"svdvals/3x3", [](const Tensors& x) { return Tensors{linalg_svdvals(x[0])}; }},
  {"lu/3x3", [](const Tensors& x) { return list(linalg_lu(x[0])); }},
  {"lu_factor/3x3", [](const Tensors& x) { return Tensors{linalg_lu_factor(x[0])[0]}; }},
  {"pinv/3x3", [](const Tensors& x) { return Tensors{linalg_pinv(x[0])}; }},
  {"lstsq/3x3", [](const Tensors& x) { return Tensors{linalg_lstsq(x[0], x[1])[0]}; }},
  {"qr/2x4x3", [](const Tensors& x) { return list(linalg_qr(x[0])); }},
  {"svd/2x4x3", svd_results},
  {"svdvals/2x4x3", [](const Tensors& x) { return Tensors{linalg_svdvals(x[0])}; }},
  {"lu/2x4x3", [](const Tensors& x) { return list(linalg_lu(x[0])); }},
  {"lu_factor/2x4x3", [](const Tensors& x) { return Tensors{linalg_lu_factor(x[0])[0]}; }},
  {"pinv/2x4x3", [](const Tensors& x) { return Tensors{linalg_pinv(x[0])}; }},
  {"lstsq/2x4x3", [](const Tensors& x) { return Tensors{linalg_lstsq(x[0], x[1])[0]}; }},
  {"qr/3x4", [](const Tensors& x) { return list(linalg_qr(x[0])); }},
  {"svd/3x4", svd_results},
  {"svdvals/3x4", [](const Tensors& x) { return Tensors{linalg_svdvals(x[0])}; }},
  {"lu/3x4", [](const Tensors& x) { return list(linalg_lu(x[0])); }},
  {"lu_factor/3x4", [](const Tensors& x) { return Tensors{linalg_lu_factor(x[0])[0]}; }},
  {"pinv/3x4", [](const Tensors& x) { return Tensors{linalg_pinv(x[0])}; }},
  {"lstsq/3x4", [](const Tensors& x) { return Tensors{linalg_lstsq(x[0], x[1])[0]}; }},
  {"qr/complete", [](const Tensors& x) { return list(linalg_qr(x[0], "complete")); }},
  {"eigh", eigh_results},
  {"eigvalsh", [](const Tensors& x) { return Tensors{linalg_eigvalsh(symmetric(x[0]), "U")}; }},
  {"lu_solve/True/False", lu_solve_results<true, false>},
  {"lu_solve/True/True", lu_solve_results<true, true>},
  {"lu_solve/False/False", lu_solve_results<false, false>},
  {"lu_solve/False/True", lu_solve_results<false, true>},
  {"solve", [](const Tensors& x) { return Tensors{linalg_solve(x[0], x[1])}; }},
  {"solve/right", [](const Tensors& x) { return Tensors{linalg_solve(x[0], x[1], false)}; }},
  {"solve/vector", [](const Tensors& x) { return Tensors{linalg_solve(x[0], x[1])}; }},
  {"solve/vectors", [](const Tensors& x) { return Tensors{linalg_solve(x[0], x[1])}; }},
  {"solve_triangular/True/True/True", [](const Tensors& x) { return Tensors{linalg_solve_triangular(x[0], x[1], true, true, true)}; }},
  {"solve_triangular/True/True/False", [](const Tensors& x) { return Tensors{linalg_solve_triangular(x[0], x[1], true, true, false)}; }},
  {"solve_triangular/True/False/True", [](const Tensors& x) { return Tensors{linalg_solve_triangular(x[0], x[1], true, false, true)}; }},
  {"solve_triangular/True/False/False", [](const Tensors& x) { return Tensors{linalg_solve_triangular(x[0], x[1], true, false, false)}; }},
  {"solve_triangular/False/True/True", [](const Tensors& x) { return Tensors{linalg_solve_triangular(x[0], x[1], false, true, true)}; }},
  {"solve_triangular/False/True/False", [](const Tensors& x) { return Tensors{linalg_solve_triangular(x[0], x[1], false, true, false)}; }},
  {"solve_triangular/False/False/True", [](const Tensors& x) { return Tensors{linalg_solve_triangular(x[0], x[1], false, false, true)}; }},
  {"solve_triangular/False/False/False", [](const Tensors& x) { return Tensors{linalg_solve_triangular(x[0], x[1], false, false, false)}; }},
  {"inv", [](const Tensors& x) { return Tensors{linalg_inv(x[0])}; }},
  {"matrix_power/5", [](const Tensors& x) { return Tensors{matrix_power(x[0], 5)}; }},
  {"matrix_power/-2", [](const Tensors& x) { return Tensors{matrix_power(x[0], -2)}; }},
  {"matrix_power/0", [](const Tensors& x) { return Tensors{matrix_power(x[0], 0)}; }},
  {"matrix_exp", [](const Tensors& x) { return Tensors{linalg_matrix_exp(x[0])}; }},
  {"matrix_exp/large", [](const Tensors& x) { return Tensors{linalg_matrix_exp(x[0])}; }},
  {"det", [](const Tensors& x) { return Tensors{linalg_det(x[0])}; }},
  {"slogdet", [](const Tensors& x) { return list(linalg_slogdet(x[0])); }},
  {"logdet", [](const Tensors& x) { return Tensors{logdet(x[0])}; }},
  {"pinv/hermitian", [](const Tensors& x) { return Tensors{linalg_pinv(symmetric(x[0]), {.hermitian = true})}; }},
  {"pinv/rank 2", [](const Tensors& x) { return Tensors{linalg_pinv(matmul(x[0], x[1]), {.rtol = 1e-4})}; }},
  {"matrix_rank", [](const Tensors& x) { return Tensors{linalg_matrix_rank(cat({x[0], x[0].slice(0, 0, 1)}), {.rtol = 1e-3})}; }},
  {"lstsq/residuals", lstsq_results},
  {"matrix_norm/fro", [](const Tensors& x) { return Tensors{linalg_matrix_norm(x[0], "fro", {-1, 1}, false)}; }},
  {"matrix_norm/nuc", [](const Tensors& x) { return Tensors{linalg_matrix_norm(x[0], "nuc", {-1, 1}, true)}; }},
  {"matrix_norm/1", [](const Tensors& x) { return Tensors{linalg_matrix_norm(x[0], 1, {-1, 1}, false)}; }},
  {"matrix_norm/-1", [](const Tensors& x) { return Tensors{linalg_matrix_norm(x[0], -1, {-1, 1}, false)}; }},
  {"matrix_norm/2", [](const Tensors& x) { return Tensors{linalg_matrix_norm(x[0], 2, {-1, 1}, false)}; }},
  {"matrix_norm/-2", [](const Tensors& x) { return Tensors{linalg_matrix_norm(x[0], -2, {-1, 1}, false)}; }},
  {"matrix_norm/inf", [](const Tensors& x) { return Tensors{linalg_matrix_norm(x[0], INFINITY, {-1, 1}, false)}; }},
  {"matrix_norm/-inf", [](const Tensors& x) { return Tensors{linalg_matrix_norm(x[0], -INFINITY, {-1, 1}, false)}; }},
  {"norm/vector", [](const Tensors& x) { return Tensors{linalg_norm(x[0], 3)}; }},
  {"norm/all", [](const Tensors& x) { return Tensors{linalg_norm(x[0])}; }},
  {"norm/matrix", [](const Tensors& x) { return Tensors{linalg_norm(x[0], 2)}; }},
  {"norm/nuc", [](const Tensors& x) { return Tensors{linalg_norm(x[0], "nuc", {0, 2}, true)}; }},
});

}  // namespace tapehead::parity

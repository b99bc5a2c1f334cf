// linalg_qr.
#include <fmt/format.h>

#include <algorithm>

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

enum class QrMode { reduced, complete, r };

// The gradient of x = q r with square r. Walter and Lehmann 2018, "Algorithmic differentiation of
// linear algebra functions with application in optimum experimental design".
Tensor square_gradient(const Tensor& q, const Tensor& r, const Tensor& dq, const Tensor& dr) {
  const Tensor m = matmul(r, transposed(dr)) - matmul(transposed(dq), q);
  const Tensor symmetric = tril(m) + transposed(tril(m, -1));
  return linalg_solve_triangular(transposed(r), dq + matmul(q, symmetric), false, false);
}

struct Qr : CustomOp {
  static constexpr const char* kName = "linalg_qr";
  QrMode mode = QrMode::reduced;

  std::array<Tensor, 2> forward(const Tensor& x, QrMode wanted) {
    mode = wanted;
    const int64_t M = x.size(-2), N = x.size(-1), K = std::min(M, N);
    const bool complete = mode == QrMode::complete;
    const Tensor vectors = core::lapack::columns_of(x);
    const Tensor factors = core::lapack::qr(vectors);
    const Tensor r = triu(transposed(vectors).slice(-2, 0, complete ? M : K));
    if (mode == QrMode::r) return {core::empty({0}, x.dtype()), r};
    Shape shape = x.shape();
    shape[shape.rank() - 2] = complete ? M : K;
    shape[shape.rank() - 1] = M;
    const Tensor q = core::full(shape, 0, x.dtype());
    core::copy_into(q.slice(-2, 0, K), vectors.slice(-2, 0, K));
    core::lapack::householder_product(q, factors);
    return {save(transposed(q)), save(r)};
  }

  Tensor backward(const Tensor& dq, const Tensor& dr) const {
    if (mode == QrMode::r) throw GraphError("linalg_qr: mode = 'r' has no gradient; use 'reduced'");
    const Tensor q = saved(0), r = saved(1);
    const int64_t M = r.size(-2), N = r.size(-1);
    if (mode == QrMode::complete && M > N)
      throw GraphError(
          fmt::format("linalg_qr: mode = 'complete' has no gradient for more rows ({}) "
                      "than columns ({}); use 'reduced'",
                      M, N));
    if (M == N) return square_gradient(q, r, dq, dr);
    // The columns of x after the first M are q times those of r.
    const Tensor rest = matmul(q, r.slice(-1, M, N)), drest = dr.slice(-1, M, N);
    const Tensor first = square_gradient(q, r.slice(-1, 0, M), dq + matmul(rest, transposed(drest)),
                                         dr.slice(-1, 0, M));
    return cat({first, matmul(q, drest)}, -1);
  }
};

QrMode mode_of(std::string_view name) {
  if (name == "reduced") return QrMode::reduced;
  if (name == "complete") return QrMode::complete;
  if (name == "r") return QrMode::r;
  throw ValueError(
      fmt::format("linalg_qr: mode = '{}'; expected 'reduced', 'complete' or 'r'", name));
}

}  // namespace

std::array<Tensor, 2> linalg_qr(const Tensor& given, std::string_view mode) {
  const Tensor x = detail::checked_matrices(Qr::kName, given);
  return apply<Qr>(x, mode_of(mode));
}

}  // namespace tapehead

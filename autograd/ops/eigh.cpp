// linalg_eigh, linalg_eigvalsh.
#include <fmt/format.h>

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

struct Eigh : CustomOp {
  static constexpr const char* kName = "linalg_eigh";
  static constexpr bool kUndefinedGrads = true;

  std::array<Tensor, 2> forward(const Tensor& x, bool upper) {
    const Tensor vectors = core::clone(x);
    // The lower triangle of a row-major matrix is the upper one of a column-major matrix.
    const Tensor values = core::lapack::eigh(kName, vectors, !upper, true);
    return {save(values), save(transposed(vectors))};
  }

  // q (diag(dw) + skew(q' dq) / (w[j] - w[i])) q', where skew(m) = (m - m') / 2.
  Tensor backward(const Tensor& dw, const Tensor& dq) const {
    const Tensor w = saved(0), q = saved(1);
    Tensor middle;
    if (dq.defined()) {
      const Tensor product = matmul(transposed(q), dq);
      const Tensor gaps = w.unsqueeze(-2) - w.unsqueeze(-1) + eye(w.size(-1), w.dtype());
      middle = (product - transposed(product)) * 0.5 / gaps;
    }
    if (dw.defined()) middle = middle.defined() ? middle + diag_embed(dw) : diag_embed(dw);
    return matmul(matmul(q, middle), transposed(q));
  }
};

bool is_upper(const char* op, std::string_view uplo) {
  if (uplo != "L" && uplo != "U")
    throw ValueError(fmt::format("{}: uplo = '{}'; expected 'L' or 'U'", op, uplo));
  return uplo == "U";
}

}  // namespace

std::array<Tensor, 2> linalg_eigh(const Tensor& given, std::string_view uplo) {
  const Tensor x = detail::checked_square(Eigh::kName, given);
  return apply<Eigh>(x, is_upper(Eigh::kName, uplo));
}

Tensor linalg_eigvalsh(const Tensor& given, std::string_view uplo) {
  constexpr const char* kName = "linalg_eigvalsh";
  const Tensor x = detail::checked_square(kName, given);
  const bool upper = is_upper(kName, uplo);
  if (x.requires_grad() && is_grad_enabled()) return linalg_eigh(x, uplo)[0];
  return core::lapack::eigh(kName, core::clone(x), !upper, false);
}

}  // namespace tapehead

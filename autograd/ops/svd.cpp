// linalg_svd, linalg_svdvals.
#include <algorithm>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/linalg.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/lapack.h"

namespace tapehead {
namespace {

using detail::transposed;

Tensor skew(const Tensor& x) { return x - transposed(x); }

struct Svd : CustomOp {
  static constexpr const char* kName = "linalg_svd";
  static constexpr bool kUndefinedGrads = true;

  std::array<Tensor, 3> forward(const Tensor& x, bool full) {
    const auto [u, s, vt] = core::lapack::svd(kName, core::lapack::columns_of(x), true, full);
    return {save(transposed(u)), save(s), save(transposed(vt))};
  }

  // Townsend 2016, "Differentiating the singular value decomposition". With e[i, j] = s[j]² -
  // s[i]²:
  //   u (skew(u' du) / e s + s skew(v' dv) / e + diag(ds)) v'
  //   + (I - u u') du s^-1 v' + u s^-1 dv' (I - v v')
  Tensor backward(const Tensor& all_du, const Tensor& ds, const Tensor& all_dvh) const {
    const Tensor s = saved(1);
    const int64_t K = s.size(-1);
    const Tensor u = saved(0).slice(-1, 0, K), vh = saved(2).slice(-2, 0, K);
    const Tensor by_column = s.unsqueeze(-2), by_row = s.unsqueeze(-1);
    const Tensor gaps = square(by_column) - square(by_row) + eye(K, s.dtype());
    Tensor middle = ds.defined() ? diag_embed(ds) : zeros_like(gaps), left, right;
    if (all_du.defined()) {
      const Tensor du = all_du.slice(-1, 0, K), along = matmul(transposed(u), du);
      middle = middle + skew(along) / gaps * by_column;
      if (u.size(-2) > K) left = (du - matmul(u, along)) / by_column;
    }
    if (all_dvh.defined()) {
      const Tensor dvh = all_dvh.slice(-2, 0, K), along = matmul(vh, transposed(dvh));
      middle = middle + by_row * (skew(along) / gaps);
      if (vh.size(-1) > K) right = (dvh - matmul(transposed(along), vh)) / by_row;
    }
    const Tensor by_u = matmul(u, middle);
    const Tensor dx = matmul(left.defined() ? by_u + left : by_u, vh);
    return right.defined() ? dx + matmul(u, right) : dx;
  }
};

}  // namespace

std::array<Tensor, 3> linalg_svd(const Tensor& given, bool full_matrices) {
  const Tensor x = detail::checked_matrices(Svd::kName, given);
  return apply<Svd>(x, full_matrices);
}

Tensor linalg_svdvals(const Tensor& given) {
  constexpr const char* kName = "linalg_svdvals";
  const Tensor x = detail::checked_matrices(kName, given);
  if (x.requires_grad() && is_grad_enabled()) return linalg_svd(x, false)[1];
  return core::lapack::svd(kName, core::lapack::columns_of(x), false, false).s;
}

}  // namespace tapehead

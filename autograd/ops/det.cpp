// linalg_det, linalg_slogdet, logdet.
#include <cmath>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/linalg.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/lapack.h"
#include "tapehead/core/detail/views.h"

namespace tapehead {
namespace {

using core::lapack::columns_of;
using core::lapack::Lu;
using detail::transposed;

// The sign of the rows' permutation: -1 for an odd number of swaps.
Tensor permutation_signs(const Lu& factors, DType dtype) {
  const int64_t N = factors.pivots.size(-1);
  const Tensor out = core::empty(core::batch_of(factors.lu), dtype);
  const auto* pivots = factors.pivots.data<int32_t>();
  visit_wide(dtype, [&]<class T>() {
    for (int64_t matrix = 0; matrix < out.numel(); ++matrix) {
      bool odd = false;
      for (int64_t i = 0; i < N; ++i) odd ^= *pivots++ != i + 1;
      out.data<T>()[matrix] = odd ? -1 : 1;
    }
  });
  return out;
}

Tensor pivots_of(const Lu& factors) { return diagonal(factors.lu, 0, -2, -1); }

// The transposed inverse.
Tensor inverse_of(const Lu& factors) {
  const Tensor out =
      core::clone(eye(factors.lu.size(-1), factors.lu.dtype()).expand(factors.lu.shape()));
  core::lapack::lu_solve(factors, out, false);
  return out;  // its rows are the columns of the inverse
}

bool is_singular(const Lu& factors) { return any(factors.zero).item() != 0; }

// The matrices of cofactors, det(x) x'^-1, of any matrix: det(u v) u adj(s) v', where adj(s) has
// the products of all other singular values.
Tensor cofactors(const Tensor& x) {
  const auto [u, s, vh] = linalg_svd(x);
  const Tensor identity = eye(s.size(-1), boolean);
  const Tensor others = prod(where(identity, 1, s.unsqueeze(-2)), -1);
  const Tensor sign = linalg_det(u) * linalg_det(vh);
  return matmul(u * (others * sign.unsqueeze(-1)).unsqueeze(-2), vh);
}

struct Det : CustomOp {
  static constexpr const char* kName = "linalg_det";
  Lu factors;
  Tensor forward(const Tensor& x) {
    save(x);
    factors = core::lapack::lu(columns_of(x));
    return save(prod(pivots_of(factors), -1) * permutation_signs(factors, x.dtype()));
  }
  Tensor backward(const Tensor& d) const {
    const auto as_matrix = [](const Tensor& t) { return t.unsqueeze(-1).unsqueeze(-1); };
    if (is_grad_enabled()) return as_matrix(d * saved(1)) * transposed(linalg_inv(saved(0)));
    if (is_singular(factors)) return as_matrix(d) * cofactors(saved(0));
    return as_matrix(d * saved(1)) * inverse_of(factors);
  }

 private:
  void forget() override { factors = {}; }
};

struct Slogdet : CustomOp {
  static constexpr const char* kName = "linalg_slogdet";
  Lu factors;
  std::array<Tensor, 2> forward(const Tensor& x) {
    save(x);
    factors = core::lapack::lu(columns_of(x));
    const Tensor pivots = pivots_of(factors);
    return {prod(sign(pivots), -1) * permutation_signs(factors, x.dtype()),
            sum(log(abs(pivots)), -1)};
  }
  Tensor backward(const Tensor& /*dsign*/, const Tensor& d) const {
    const Tensor scale = d.unsqueeze(-1).unsqueeze(-1);
    if (is_grad_enabled()) return scale * transposed(linalg_inv(saved(0)));
    core::lapack::check_not_singular(kName, factors);
    return scale * inverse_of(factors);
  }

 private:
  void forget() override { factors = {}; }
};

}  // namespace

Tensor linalg_det(const Tensor& given) {
  const Tensor x = detail::checked_square(Det::kName, given);
  return apply<Det>(x);
}

std::array<Tensor, 2> linalg_slogdet(const Tensor& given) {
  const Tensor x = detail::checked_square(Slogdet::kName, given);
  return apply<Slogdet>(x);
}

Tensor logdet(const Tensor& given) {
  const Tensor x = detail::checked_square("logdet", given);
  const auto [sign, logarithm] = apply<Slogdet>(x);
  return masked_fill(logarithm, sign < 0, NAN);
}

}  // namespace tapehead

// linalg_pinv, linalg_matrix_rank, linalg_lstsq.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "tapehead/autograd/autocast.h"
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

double default_tolerance(const Tensor& x) {
  const double epsilon = x.dtype() == f32 ? std::numeric_limits<float>::epsilon()
                                          : std::numeric_limits<double>::epsilon();
  return epsilon * static_cast<double>(std::max(x.size(-1), x.size(-2)));
}

// Whether singular values s of x count as not 0.
Tensor count_as_nonzero(const Tensor& x, const Tensor& s, const RankOptions& options) {
  const double rtol = options.rtol.value_or(options.atol ? 0 : default_tolerance(x));
  return s > maximum(amax(s, -1, true) * rtol, options.atol.value_or(0));
}

// p = v s^-1 u' over the singular values that are not 0.
struct Pinv : CustomOp {
  static constexpr const char* kName = "linalg_pinv";
  Tensor forward(const Tensor& x, const RankOptions& options) {
    save(x);
    Tensor u, s, vh;
    if (options.hermitian) {
      const auto [w, q] = linalg_eigh(x);
      u = q, s = w, vh = transposed(q);
    } else {
      const auto [left, values, right] = linalg_svd(x, false);
      u = left, s = values, vh = right;
    }
    if (s.size(-1) == 0) return save(matmul(transposed(vh), transposed(u)));
    const Tensor inverse = where(count_as_nonzero(x, abs(s), options), 1 / s, 0);
    return save(matmul(transposed(vh) * inverse.unsqueeze(-2), transposed(u)));
  }
  Tensor backward(const Tensor& dp) const { return detail::pinv_gradient(saved(0), saved(1), dp); }
};

struct LstsqInfo {
  Tensor ranks, singular_values;
};

struct Lstsq : CustomOp {
  static constexpr const char* kName = "linalg_lstsq";
  double rcond = 0;
  // a [..., M, N] and b [..., M, K]; the ranks and singular values have no gradient.
  Tensor forward(const Tensor& a, const Tensor& b, double least, LstsqInfo* info) {
    rcond = least;
    save(a), save(b);
    const int64_t M = a.size(-2), N = a.size(-1);
    Shape shape = transposed(b).shape();
    shape[shape.rank() - 1] = std::max(M, N);
    const Tensor x = core::full(shape, 0, a.dtype());
    core::copy_into(x.slice(-1, 0, M), transposed(b));
    const auto result = core::lapack::least_squares(kName, columns_of(a), x, rcond);
    info->ranks = result.ranks;
    info->singular_values = result.singular_values;
    return transposed(x.slice(-1, 0, N));
  }
  std::array<Tensor, 2> backward(const Tensor& dx) const {
    const Tensor a = saved(0), p = linalg_pinv(a, {.rtol = rcond});
    std::array<Tensor, 2> grads;
    if (needs_grad(0)) grads[0] = detail::pinv_gradient(a, p, matmul(dx, transposed(saved(1))));
    if (needs_grad(1)) grads[1] = matmul(transposed(p), dx);
    return grads;
  }
};

}  // namespace

// -p' dp p' + (I - x p) dp' p p' + p' p dp' (I - p x)
Tensor detail::pinv_gradient(const Tensor& x, const Tensor& p, const Tensor& dp) {
  const Tensor pt = transposed(p), dpt = transposed(dp);
  const Tensor left = matmul(matmul(dpt, p), pt), right = matmul(pt, matmul(p, dpt));
  return -matmul(matmul(pt, dp), pt) + left - matmul(matmul(x, p), left) + right -
         matmul(right, matmul(p, x));
}

Tensor linalg_pinv(const Tensor& given, const RankOptions& options) {
  const Tensor x = options.hermitian ? detail::checked_square(Pinv::kName, given)
                                     : detail::checked_matrices(Pinv::kName, given);
  const AutocastMode off(bf16, false);
  return apply<Pinv>(x, options);
}

Tensor linalg_matrix_rank(const Tensor& given, const RankOptions& options) {
  constexpr const char* kName = "linalg_matrix_rank";
  const Tensor x = options.hermitian ? detail::checked_square(kName, given)
                                     : detail::checked_matrices(kName, given);
  const Tensor values = x.detach();
  const Tensor s = options.hermitian ? abs(linalg_eigvalsh(values)) : linalg_svdvals(values);
  if (s.size(-1) == 0) return core::full(core::batch_of(x), 0, i64);
  return count_nonzero(count_as_nonzero(x, s, options), -1);
}

std::array<Tensor, 4> linalg_lstsq(const Tensor& given_a, const Tensor& b,
                                   std::optional<double> rcond) {
  constexpr const char* kName = Lstsq::kName;
  const Tensor a = detail::checked_matrices(kName, given_a);
  const bool vectors = detail::is_vectors(a, b);
  const Tensor y = detail::checked_matrices(kName, vectors ? b.unsqueeze(-1) : b);
  if (a.dtype() != y.dtype())
    throw DTypeError(fmt::format("{}: a is {}, b is {}; convert one of them with to()", kName,
                                 name(a.dtype()), name(y.dtype())));
  if (a.size(-2) != y.size(-2))
    throw ShapeError(fmt::format("{}: a is {}, b is {}; a.size(-2) must equal b.size({})", kName,
                                 a.shape().str(), b.shape().str(), vectors ? -1 : -2));
  const Shape batch = broadcast_shapes(kName, core::batch_of(a), core::batch_of(y));
  const Tensor left = detail::expand_batch(a, batch), right = detail::expand_batch(y, batch);
  const AutocastMode off(bf16, false);
  LstsqInfo info;
  const Tensor x = apply<Lstsq>(left, right, rcond.value_or(default_tolerance(a)), &info);
  Tensor residuals = core::empty({0}, a.dtype());
  if (a.size(-2) > a.size(-1) && all(info.ranks == a.size(-1)).item() != 0)
    residuals = sum(square(matmul(left, x) - right), -2);
  return {vectors ? x.squeeze(-1) : x, residuals, info.ranks, info.singular_values};
}

}  // namespace tapehead

// linalg_matrix_norm, linalg_norm.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tapehead/autograd/detail/linalg.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

constexpr const char* kMatrixNorm = "linalg_matrix_norm";

// The two axes, from the front; throws unless there are two different ones.
Shape matrix_axes(const Tensor& x, const Shape& axes) {
  if (axes.rank() != 2)
    throw ShapeError(fmt::format("{}: axes = {}; expected two", kMatrixNorm, axes.str()));
  if (x.dim() < 2)
    throw ShapeError(
        fmt::format("{}: {} is not a batch of matrices", kMatrixNorm, core::describe(x)));
  const Shape out{normalize_axis(kMatrixNorm, axes[0], x.dim()),
                  normalize_axis(kMatrixNorm, axes[1], x.dim())};
  if (out[0] == out[1])
    throw ShapeError(fmt::format("{}: axes {} and {} are the same", kMatrixNorm, axes[0], axes[1]));
  core::check_floating(kMatrixNorm, x);
  return out;
}

// The singular values of the matrices in two axes, in the last axis.
Tensor singular_values(const Tensor& x, const Shape& axes) {
  Shape order;
  for (int i = 0; i < x.dim(); ++i)
    if (i != axes[0] && i != axes[1]) order.push_back(i);
  order.push_back(axes[0]);
  order.push_back(axes[1]);
  return linalg_svdvals(x.permute(order));
}

// A norm, without the two axes, with these axes of size 1 if `keepdim`.
Tensor keep_axes(const Tensor& norms, const Shape& axes, bool keepdim) {
  if (!keepdim) return norms;
  return norms.unsqueeze(std::min(axes[0], axes[1])).unsqueeze(std::max(axes[0], axes[1]));
}

// The axes for linalg_norm(): all by default.
Shape all_axes(const Tensor& x, const Shape& axes) {
  if (!axes.empty()) return axes;
  if (x.dim() > 2)
    throw ShapeError(fmt::format("linalg_norm: {} is neither a vector nor a matrix; pass axes",
                                 core::describe(x)));
  return x.dim() == 2 ? Shape{0, 1} : x.dim() == 1 ? Shape{0} : Shape();
}

}  // namespace

Tensor linalg_matrix_norm(const Tensor& x, std::string_view ord, const Shape& axes, bool keepdim) {
  const Shape at = matrix_axes(x, axes);
  if (ord == "fro") return linalg_vector_norm(x, 2, at, keepdim);
  if (ord == "nuc") return keep_axes(sum(singular_values(x, at), -1), at, keepdim);
  throw ValueError(
      fmt::format("{}: ord = '{}'; expected 'fro', 'nuc', 1, 2, infinity, -1, -2 or -infinity",
                  kMatrixNorm, ord));
}

Tensor linalg_matrix_norm(const Tensor& x, double ord, const Shape& axes, bool keepdim) {
  const Shape at = matrix_axes(x, axes);
  const auto extreme = [&](const Tensor& t, int64_t axis, bool keep) {
    return ord > 0 ? amax(t, axis, keep) : amin(t, axis, keep);
  };
  if (std::abs(ord) == 2) return keep_axes(extreme(singular_values(x, at), -1, false), at, keepdim);
  if (std::abs(ord) != 1 && !std::isinf(ord))
    throw ValueError(
        fmt::format("{}: ord = {}; expected 'fro', 'nuc', 1, 2, infinity, -1, -2 or -infinity",
                    kMatrixNorm, ord));
  const bool by_column = std::abs(ord) == 1;
  const Tensor sums = sum(abs(x), at[by_column ? 0 : 1], true);
  const Tensor norms = extreme(sums, at[by_column ? 1 : 0], true);
  if (keepdim) return norms;
  return norms.squeeze(std::max(at[0], at[1])).squeeze(std::min(at[0], at[1]));
}

Tensor linalg_norm(const Tensor& x) { return linalg_vector_norm(x); }

Tensor linalg_norm(const Tensor& x, double ord, const Shape& axes, bool keepdim) {
  const Shape at = all_axes(x, axes);
  if (at.rank() == 2) return linalg_matrix_norm(x, ord, at, keepdim);
  return linalg_vector_norm(x, ord, at, keepdim);
}

Tensor linalg_norm(const Tensor& x, std::string_view ord, const Shape& axes, bool keepdim) {
  return linalg_matrix_norm(x, ord, all_axes(x, axes), keepdim);
}

}  // namespace tapehead

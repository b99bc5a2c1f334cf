// mm, bmm, mv, dot, vdot, inner, outer, ger, tensordot, kron, cross, bilinear.
#include "tapehead/autograd/ops/products.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/contraction.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/autograd/ops/cross_kernel.h"
#include "tapehead/core/detail/axis_split.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/loop.h"
#include "tapehead/core/parallel.h"

namespace tapehead {
namespace {

// Throws unless both operands have these ranks, and sizes such as "[N, M]".
void check_ranks(const char* op, const Tensor& a, const Tensor& b, int a_rank, int b_rank,
                 const char* expected) {
  if (a.dim() == a_rank && b.dim() == b_rank) return;
  throw ShapeError(fmt::format("{}: a is {}, b is {}; expected {}; use matmul for other ranks", op,
                               a.shape().str(), b.shape().str(), expected));
}

// Throws unless matmul() takes operands of these types and of these sizes.
void check_inner(const char* op, const Tensor& a, const Tensor& b, int a_axis, int b_axis) {
  if (a.size(a_axis) != b.size(b_axis))
    throw ShapeError(
        fmt::format("{}: inner sizes differ: a is {}, b is {}; a.size({}) must equal "
                    "b.size({})",
                    op, a.shape().str(), b.shape().str(), a_axis, b_axis));
  detail::check_product_type(op, core::result_type(a, b));
}

struct Cross : CustomOp {
  static constexpr const char* kName = "cross";
  static constexpr Batching kBatching = Batching::adjusted;
  int axis = 0;
  // Both operands have the same dtype and shape.
  static bool batch(const Batch& batch, Tensor& a, Tensor& b, int& at) {
    a = batch.expanded(a, 0), b = batch.expanded(b, 1);
    ++at;
    return true;
  }
  Tensor forward(const Tensor& a, const Tensor& b, int at) {
    axis = at;
    save(a), save(b);
    const Tensor x = core::contiguous(a), y = core::contiguous(b), out = core::empty_like(a);
    const int64_t inner = core::AxisSplit(a.shape(), axis).inner;
    if (out.numel() == 0) return out;
    const int64_t block = 3 * inner * size_of(a.dtype());
    const int64_t grain = std::max<int64_t>(1, (1 << 15) / (3 * inner));
    core::parallel_range(out.numel() / (3 * inner), grain, [&](int64_t first, int64_t last) {
      kernels::cross().run[static_cast<int>(a.dtype())](
          x.raw() + first * block, y.raw() + first * block, out.raw() + first * block, last - first,
          inner);
    });
    return out;
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    std::array<Tensor, 2> grads;
    if (needs_grad(0)) grads[0] = apply<Cross>(saved(1), dy, axis);
    if (needs_grad(1)) grads[1] = apply<Cross>(dy, saved(0), axis);
    return grads;
  }
};

// The axes, counted from the front; throws if one is repeated.
Shape distinct_axes(const char* name, const Shape& axes, const Tensor& x) {
  Shape out;
  for (const int64_t axis : axes) {
    const int at = normalize_axis("tensordot", axis, x.dim());
    if (std::find(out.begin(), out.end(), at) != out.end())
      throw ShapeError(
          fmt::format("tensordot: axis {} is repeated in {} = {}", axis, name, axes.str()));
    out.push_back(at);
  }
  return out;
}

// x with the labels first, first + 1, … of its axes, but those of `shared` labelled 0, 1, ….
detail::Labelled with_labels(const Tensor& x, const Shape& shared, int64_t first) {
  detail::Labelled out{x, {}};
  for (int i = 0; i < x.dim(); ++i) out.labels.push_back(first + i);
  for (int i = 0; i < shared.rank(); ++i) out.labels[static_cast<int>(shared[i])] = i;
  return out;
}

Tensor sum_to_one(const Tensor& x, int64_t axis) { return sum(x, axis, true).to(x.dtype()); }

}  // namespace

Tensor mm(const Tensor& a, const Tensor& b) {
  check_ranks("mm", a, b, 2, 2, "[N, M] and [M, P]");
  check_inner("mm", a, b, 1, 0);
  return matmul(a, b);
}

Tensor bmm(const Tensor& a, const Tensor& b) {
  check_ranks("bmm", a, b, 3, 3, "[B, N, M] and [B, M, P]");
  check_inner("bmm", a, b, 2, 1);
  if (a.size(0) != b.size(0))
    throw ShapeError(
        fmt::format("bmm: a is {}, b is {}; a.size(0) must equal b.size(0); use "
                    "matmul to broadcast",
                    a.shape().str(), b.shape().str()));
  return matmul(a, b);
}

Tensor mv(const Tensor& a, const Tensor& x) {
  check_ranks("mv", a, x, 2, 1, "[N, M] and [M]");
  check_inner("mv", a, x, 1, 0);
  const AutocastMode off(bf16, false);
  return matmul(a, x);
}

Tensor dot(const Tensor& a, const Tensor& b) {
  check_ranks("dot", a, b, 1, 1, "[N] and [N]");
  check_inner("dot", a, b, 0, 0);
  const AutocastMode off(bf16, false);
  return matmul(a, b);
}

Tensor vdot(const Tensor& a, const Tensor& b) {
  check_ranks("vdot", a, b, 1, 1, "[N] and [N]");
  check_inner("vdot", a, b, 0, 0);
  const AutocastMode off(bf16, false);
  return matmul(a, b);
}

Tensor inner(const Tensor& a, const Tensor& b) {
  if (a.dim() == 0 || b.dim() == 0) return a * b;
  check_inner("inner", a, b, -1, -1);
  if (a.dim() == 1 && b.dim() == 1) return dot(a, b);
  return tensordot(a, b, {-1}, {-1});
}

Tensor outer(const Tensor& a, const Tensor& b) {
  check_ranks("outer", a, b, 1, 1, "[N] and [M]");
  return a.unsqueeze(1) * b;
}

Tensor ger(const Tensor& a, const Tensor& b) {
  check_ranks("ger", a, b, 1, 1, "[N] and [M]");
  return a.unsqueeze(1) * b;
}

Tensor tensordot(const Tensor& a, const Tensor& b, int64_t axes) {
  if (axes < 0 || axes > std::min(a.dim(), b.dim()))
    throw ValueError(fmt::format("tensordot: axes = {} is outside 0..{}, for a {} and b {}", axes,
                                 std::min(a.dim(), b.dim()), a.shape().str(), b.shape().str()));
  Shape last, first;
  for (int64_t i = 0; i < axes; ++i) last.push_back(a.dim() - axes + i), first.push_back(i);
  return tensordot(a, b, last, first);
}

Tensor tensordot(const Tensor& a, const Tensor& b, const Shape& a_axes, const Shape& b_axes) {
  if (a_axes.rank() != b_axes.rank())
    throw ValueError(fmt::format("tensordot: a_axes = {} and b_axes = {} differ in number",
                                 a_axes.str(), b_axes.str()));
  const Shape of_a = distinct_axes("a_axes", a_axes, a), of_b = distinct_axes("b_axes", b_axes, b);
  const DType dtype = core::result_type(a, b);
  detail::check_product_type("tensordot", dtype);
  Tensor x = a.to(dtype), y = b.to(dtype);
  for (int i = 0; i < of_a.rank(); ++i) {
    const int64_t m = a.size(of_a[i]), n = b.size(of_b[i]);
    if (m == 1 && n != 1) y = sum_to_one(y, of_b[i]);
    else if (n == 1 && m != 1) x = sum_to_one(x, of_a[i]);
    else if (m != n)
      throw ShapeError(fmt::format("tensordot: a is {}, b is {}; a.size({}) must equal b.size({})",
                                   a.shape().str(), b.shape().str(), of_a[i], of_b[i]));
  }
  const int64_t shared = of_a.rank();
  const detail::Labelled left = with_labels(x, of_a, shared);
  const detail::Labelled right = with_labels(y, of_b, shared + Shape::kMaxRank);
  Shape order;
  detail::LabelSet kept = 0;
  for (const detail::Labelled* part : {&left, &right})
    for (const int64_t label : part->labels)
      if (label >= shared) order.push_back(label), kept |= detail::label_bit(label);
  return detail::permuted(detail::contract(left, right, kept), order);
}

Tensor kron(const Tensor& a, const Tensor& b) {
  const int rank = std::max(a.dim(), b.dim());
  Shape shape, left, right;
  for (int i = rank; i > 0; --i) {
    const int64_t m = i <= a.dim() ? a.size(-i) : 1, n = i <= b.dim() ? b.size(-i) : 1;
    shape.push_back(m * n);
    if (2 * rank > Shape::kMaxRank) continue;
    left.push_back(m), left.push_back(1);
    right.push_back(1), right.push_back(n);
  }
  if (2 * rank > Shape::kMaxRank)
    throw ShapeError(fmt::format("kron: a is {}, b is {}; at most {} axes are supported",
                                 a.shape().str(), b.shape().str(), Shape::kMaxRank / 2));
  return (a.reshape(left) * b.reshape(right)).reshape(shape);
}

Tensor cross(const Tensor& a, const Tensor& b, int64_t axis) {
  const Shape shape = broadcast_shapes("cross", a.shape(), b.shape());
  const int at = normalize_axis("cross", axis, shape.rank());
  if (shape.empty() || shape[at] != 3)
    throw ShapeError(fmt::format("cross: a is {}, b is {}; size({}) must be 3", a.shape().str(),
                                 b.shape().str(), axis));
  const DType dtype = core::result_type(a, b);
  if (dtype == boolean) throw DTypeError("cross: bool is not supported; convert with to(f32)");
  const DType type = kernels::kernel_type(dtype);
  return apply<Cross>(a.to(type).expand(shape), b.to(type).expand(shape), at).to(dtype);
}

Tensor bilinear(const Tensor& x1, const Tensor& x2, const Tensor& weight, const Tensor& bias) {
  const auto rows_of = [](const Tensor& x) {
    Shape shape = x.shape();
    shape.erase(shape.rank() - 1);
    return shape;
  };
  if (x1.dim() == 0 || x2.dim() == 0 || weight.dim() != 3 || x1.size(-1) != weight.size(1) ||
      x2.size(-1) != weight.size(2))
    throw ShapeError(
        fmt::format("bilinear: x1 is {}, x2 is {}, weight is {}; expected [..., I], "
                    "[..., J] and [K, I, J]",
                    x1.shape().str(), x2.shape().str(), weight.shape().str()));
  Shape shape = rows_of(x1);
  if (shape != rows_of(x2))
    throw ShapeError(
        fmt::format("bilinear: x1 is {}, x2 is {}; the axes before the last must be "
                    "equal",
                    x1.shape().str(), x2.shape().str()));
  const int64_t K = weight.size(0), I = weight.size(1), J = weight.size(2);
  if (bias.defined() && bias.shape() != Shape{K})
    throw ShapeError(fmt::format("bilinear: bias is {}, weight is {}; bias must be [{}]",
                                 bias.shape().str(), weight.shape().str(), K));
  detail::check_product_type("bilinear", core::result_type(x1, x2, weight));
  const int64_t rows = shape.numel();
  const AutocastMode off(bf16, false);
  // One product with x2, whose result is multiplied with x1 row by row.
  const Tensor by_x2 = linear(x2.reshape({rows, J}), weight.reshape({K * I, J}));
  Tensor out = matmul(by_x2.reshape({rows, K, I}), x1.reshape({rows, I, 1}));
  shape.push_back(K);
  out = out.reshape(shape);
  return bias.defined() ? out + bias : out;
}

}  // namespace tapehead

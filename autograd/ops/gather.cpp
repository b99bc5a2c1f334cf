// Elements selected by integer indices: gather, scatter_add, take_along_dim.
#include <fmt/format.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/index.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

struct Gather : CustomOp {
  static constexpr const char* kName = "gather";
  int axis;
  Shape shape;
  DType dtype;
  Tensor forward(const Tensor& x, int a, const Tensor& indices) {
    axis = a;
    shape = x.shape();
    dtype = x.dtype();
    return core::gather(x, axis, save(indices));
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    if (const Tensor sum = grad_buffer(0); sum.defined()) {
      core::add_gathered(sum, axis, saved(0), dy);
      return {};
    }
    return {scatter_add(core::full(shape, 0, dtype), axis, saved(0), dy), Tensor()};
  }
};

struct ScatterAdd : CustomOp {
  static constexpr const char* kName = "scatter_add";
  int axis;
  Tensor forward(const Tensor& x, int a, const Tensor& indices, const Tensor& source) {
    axis = a;
    save(indices);
    Tensor out = core::clone(x);
    core::add_gathered(out, axis, indices, core::cast(source, x.dtype()));
    return out;
  }
  std::array<Tensor, 3> backward(const Tensor& dy) const {
    return {dy, Tensor(), needs_grad(2) ? gather(dy, axis, saved(0)) : Tensor()};
  }
};

// Normalises the axis and checks that the indices fit into `x` along all others.
int checked_axis(const char* op, const Tensor& x, int64_t axis, const Tensor& indices) {
  const int at = normalize_axis(op, axis, x.dim());
  bool fits = x.dim() == indices.dim();
  for (int i = 0; fits && i < x.dim(); ++i) fits = i == at || indices.shape()[i] <= x.shape()[i];
  if (!fits)
    throw ShapeError(
        fmt::format("{}: indices {} do not fit into {}; they need as many axes, and no size larger "
                    "except size({})",
                    op, indices.shape().str(), core::describe(x), at));
  return at;
}

int64_t limit(const Tensor& x, int axis) { return x.dim() == 0 ? 1 : x.shape()[axis]; }

}  // namespace

Tensor gather(const Tensor& x, int64_t axis, const Tensor& indices) {
  const int at = checked_axis("gather", x, axis, indices);
  return apply<Gather>(x, at, core::check_indices("gather", "indices", indices, limit(x, at)));
}

Tensor scatter_add(const Tensor& x, int64_t axis, const Tensor& indices, const Tensor& source) {
  const int at = checked_axis("scatter_add", x, axis, indices);
  Tensor corner = source;
  bool fits = source.dim() == indices.dim();
  for (int i = 0; fits && i < source.dim(); ++i) {
    fits = indices.shape()[i] <= source.shape()[i];
    if (indices.shape()[i] < source.shape()[i]) corner = corner.slice(i, 0, indices.shape()[i]);
  }
  if (!fits)
    throw ShapeError(
        fmt::format("scatter_add: source is {}; it needs an element for each of the indices {}",
                    core::describe(source), indices.shape().str()));
  return apply<ScatterAdd>(
      x, at, core::check_indices("scatter_add", "indices", indices, limit(x, at)), corner);
}

Tensor take_along_dim(const Tensor& x, const Tensor& indices, int64_t axis) {
  const int at = normalize_axis("take_along_dim", axis, x.dim());
  if (x.dim() != indices.dim())
    throw ShapeError(
        fmt::format("take_along_dim: {} and indices {} must have the same number of axes",
                    core::describe(x), indices.shape().str()));
  Shape one = x.shape(), wanted = indices.shape();
  if (x.dim() > 0) one[at] = wanted[at] = 1;
  Shape common = broadcast_shapes("take_along_dim", one, wanted), from = common;
  if (x.dim() > 0) common[at] = indices.shape()[at], from[at] = x.shape()[at];
  return gather(x.expand(from), axis, indices.expand(common));
}

}  // namespace tapehead

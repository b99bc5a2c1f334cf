// Shape changes: reshape, squeeze, unsqueeze, flatten.
#include <fmt/format.h>

#include <algorithm>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

struct Reshape : CustomOp {
  static constexpr const char* kName = "reshape";
  static constexpr Batching kBatching = Batching::adjusted;
  Shape before;
  static bool batch(const Batch& b, Tensor&, Shape& shape) {
    shape.insert(0, b.size);
    return true;
  }
  Tensor forward(const Tensor& x, const Shape& shape) {
    before = x.shape();
    return core::reshape(x, shape);
  }
  Tensor backward(const Tensor& dy) const { return dy.reshape(before); }
};

// Infers the size given as -1.
Shape complete(const char* op, const Tensor& x, const Shape& wanted) {
  Shape shape = wanted;
  int unknown = -1;
  int64_t known = 1;
  bool valid = true;
  for (int i = 0; i < shape.rank(); ++i) {
    if (shape[i] == -1 && unknown < 0) unknown = i;
    else if (shape[i] < 0 || __builtin_mul_overflow(known, shape[i], &known)) valid = false;
  }
  if (valid && unknown >= 0 && known > 0) {
    shape[unknown] = x.numel() / known;
    known *= shape[unknown];
  } else if (unknown >= 0) {
    valid = false;
  }
  if (!valid || known != x.numel())
    throw ShapeError(
        fmt::format("{}: the {} elements of {} do not fit shape {}; the sizes must multiply "
                    "to their number, and "
                    "at most one may be -1",
                    op, x.numel(), core::describe(x), wanted.str()));
  return shape;
}

}  // namespace

Tensor reshape(const Tensor& x, const Shape& shape) {
  return apply<Reshape>(x, complete("reshape", x, shape));
}

Tensor view(const Tensor& x, const Shape& shape) {
  const Shape sizes = complete("view", x, shape);
  if (!core::view_strides(x.shape(), x.strides(), sizes))
    throw ShapeError(
        fmt::format("view: {} with strides {} cannot be seen as {} without a copy; use reshape()",
                    core::describe(x), x.strides().str(), sizes.str()));
  return apply<Reshape>(x, sizes);
}

Tensor squeeze(const Tensor& x) {
  Shape kept;
  for (const int64_t size : x.shape())
    if (size != 1) kept.push_back(size);
  return apply<Reshape>(x, kept);
}

Tensor squeeze(const Tensor& x, int64_t axis) {
  const int at = normalize_axis("squeeze", axis, x.dim());
  Shape kept = x.shape();
  if (x.dim() > 0 && kept[at] == 1) kept.erase(at);
  return apply<Reshape>(x, kept);
}

Tensor unsqueeze(const Tensor& x, int64_t axis) {
  Shape sizes = x.shape();
  sizes.insert(normalize_axis("unsqueeze", axis, x.dim() + 1), 1);
  return apply<Reshape>(x, sizes);
}

Tensor flatten(const Tensor& x, int64_t first, int64_t last) {
  const int from = normalize_axis("flatten", first, x.dim()),
            to = normalize_axis("flatten", last, x.dim());
  if (from > to)
    throw ShapeError(
        fmt::format("flatten: the first axis {} comes after the last, {}", first, last));
  Shape sizes;
  for (int i = 0; i < from; ++i) sizes.push_back(x.shape()[i]);
  int64_t joined = 1;
  for (int i = from; i <= to && i < x.dim(); ++i) joined *= x.shape()[i];
  sizes.push_back(joined);
  for (int i = to + 1; i < x.dim(); ++i) sizes.push_back(x.shape()[i]);
  return apply<Reshape>(x, sizes);
}

}  // namespace tapehead

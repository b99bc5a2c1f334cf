// The same elements in another shape: reshape, squeeze, unsqueeze, flatten.
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
  Shape before;
  Tensor forward(const Tensor& x, const Shape& shape) {
    before = x.shape();
    return core::reshape(x, shape);
  }
  Tensor backward(const Tensor& dy) const { return dy.reshape(before); }
};

// Puts the size in that -1 stands for.
Shape complete(const Tensor& x, const Shape& wanted) {
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
        fmt::format("reshape: the {} elements of {} do not fit shape {}; the sizes must multiply "
                    "to their number, and "
                    "at most one may be -1",
                    x.numel(), core::describe(x), wanted.str()));
  return shape;
}

}  // namespace

Tensor Tensor::reshape(const Shape& shape) const {
  return apply<Reshape>(*this, complete(*this, shape));
}

Tensor Tensor::squeeze() const {
  Shape kept;
  for (const int64_t size : shape())
    if (size != 1) kept.push_back(size);
  return apply<Reshape>(*this, kept);
}

Tensor Tensor::squeeze(int64_t axis) const {
  const int at = normalize_axis("squeeze", axis, dim());
  Shape kept = shape();
  if (dim() > 0 && kept[at] == 1) kept.erase(at);
  return apply<Reshape>(*this, kept);
}

Tensor Tensor::unsqueeze(int64_t axis) const {
  Shape sizes = shape();
  sizes.insert(normalize_axis("unsqueeze", axis, dim() + 1), 1);
  return apply<Reshape>(*this, sizes);
}

Tensor Tensor::flatten(int64_t first, int64_t last) const {
  const int from = normalize_axis("flatten", first, dim()),
            to = normalize_axis("flatten", last, dim());
  if (from > to)
    throw ShapeError(
        fmt::format("flatten: the first axis {} comes after the last, {}", first, last));
  Shape sizes;
  for (int i = 0; i < from; ++i) sizes.push_back(shape()[i]);
  int64_t joined = 1;
  for (int i = from; i <= to && i < dim(); ++i) joined *= shape()[i];
  sizes.push_back(joined);
  for (int i = to + 1; i < dim(); ++i) sizes.push_back(shape()[i]);
  return apply<Reshape>(*this, sizes);
}

}  // namespace tapehead

#include "tapehead/autograd/ops/axes.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

// The axes, each once, as a bit mask.
uint32_t axes_mask(const char* op, const Shape& axes, int rank) {
  return axes.empty() ? 0 : Axes(axes).mask(op, rank);
}

}  // namespace

Tensor unflatten(const Tensor& x, int64_t axis, const Shape& sizes) {
  const int at = normalize_axis("unflatten", axis, x.dim());
  if (x.dim() == 0) throw ShapeError("unflatten: a 0-d tensor has no axes");
  Shape shape = x.shape(), parts = sizes;
  int64_t known = 1;
  int unknown = -1;
  for (int i = 0; i < sizes.rank(); ++i)
    if (sizes[i] == -1 && unknown < 0) unknown = i;
    else if (sizes[i] < 0 || __builtin_mul_overflow(known, sizes[i], &known)) known = -1;
  if (unknown >= 0 && known > 0) {
    parts[unknown] = shape[at] / known;
    known *= parts[unknown];
  }
  if (known != shape[at])
    throw ShapeError(
        fmt::format("unflatten: sizes {} do not multiply to size({}) of {}; at most one may be -1",
                    sizes.str(), at, core::describe(x)));
  shape.erase(at);
  for (int i = 0; i < parts.rank(); ++i) shape.insert(at + i, parts[i]);
  return view(x, shape);
}

Tensor squeeze(const Tensor& x, const Shape& axes) {
  const uint32_t removed = axes_mask("squeeze", axes, x.dim());
  Shape kept;
  for (int i = 0; i < x.dim(); ++i)
    if (x.shape()[i] != 1 || !(removed >> i & 1)) kept.push_back(x.shape()[i]);
  return reshape(x, kept);
}

Tensor unsqueeze(const Tensor& x, const Shape& axes) {
  const int rank = x.dim() + axes.rank();
  const uint32_t added = axes_mask("unsqueeze", axes, rank);
  Shape shape;
  for (int i = 0, next = 0; i < rank; ++i) shape.push_back(added >> i & 1 ? 1 : x.shape()[next++]);
  return reshape(x, shape);
}

Tensor narrow(const Tensor& x, int64_t axis, int64_t start, int64_t length) {
  const int at = normalize_axis("narrow", axis, x.dim());
  if (x.dim() == 0) throw ShapeError("narrow: a 0-d tensor has no axes");
  const int64_t size = x.shape()[at], first = start < 0 ? start + size : start;
  if (first < 0 || first > size || length < 0 || length > size - first)
    throw IndexError(fmt::format("narrow: start {} and length {} do not fit into size({}) of {}",
                                 start, length, at, core::describe(x)));
  return x.slice(at, first, first + length);
}

Tensor swapaxes(const Tensor& x, int64_t axis0, int64_t axis1) {
  return transpose(x, axis0, axis1);
}
Tensor swapdims(const Tensor& x, int64_t axis0, int64_t axis1) {
  return transpose(x, axis0, axis1);
}

Tensor movedim(const Tensor& x, const Shape& from, const Shape& to) {
  if (from.rank() != to.rank())
    throw ShapeError(fmt::format("movedim: {} axes are moved to {} positions; pass as many",
                                 from.rank(), to.rank()));
  const uint32_t moved = axes_mask("movedim", from, x.dim()),
                 taken = axes_mask("movedim", to, x.dim());
  if (x.dim() == 0) return permute(x, {});
  Shape order = Shape::filled(x.dim(), 0);
  for (int i = 0; i < from.rank(); ++i)
    order[normalize_axis("movedim", to[i], x.dim())] = normalize_axis("movedim", from[i], x.dim());
  for (int i = 0, next = 0; i < x.dim(); ++i) {
    if (taken >> i & 1) continue;
    while (moved >> next & 1) ++next;
    order[i] = next++;
  }
  return permute(x, order);
}

Tensor moveaxis(const Tensor& x, int64_t from, int64_t to) { return movedim(x, from, to); }
Tensor moveaxis(const Tensor& x, const Shape& from, const Shape& to) {
  return movedim(x, from, to);
}

Tensor atleast_1d(const Tensor& x) { return x.dim() == 0 ? reshape(x, {1}) : x; }
Tensor atleast_2d(const Tensor& x) { return x.dim() < 2 ? unsqueeze(atleast_1d(x), 0) : x; }
Tensor atleast_3d(const Tensor& x) { return x.dim() < 3 ? unsqueeze(atleast_2d(x), -1) : x; }

Tensor expand_as(const Tensor& x, const Tensor& other) { return expand(x, other.shape()); }
Tensor view_as(const Tensor& x, const Tensor& other) { return view(x, other.shape()); }
Tensor reshape_as(const Tensor& x, const Tensor& other) { return reshape(x, other.shape()); }
Tensor ravel(const Tensor& x) { return reshape(x, {-1}); }

std::vector<Tensor> broadcast_tensors(const std::vector<Tensor>& tensors) {
  Shape shape;
  for (const Tensor& t : tensors) shape = broadcast_shapes("broadcast_tensors", shape, t.shape());
  std::vector<Tensor> out;
  std::transform(tensors.begin(), tensors.end(), std::back_inserter(out),
                 [&](const Tensor& t) { return expand(t, shape); });
  return out;
}

}  // namespace tapehead

#include "tapehead/core/detail/views.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead::core {
namespace {

// Whether the elements along the axes in the bit mask are apart.
bool is_apart_along(const Shape& sizes, const Shape& strides, uint32_t axes) {
  int order[Shape::kMaxRank], count = 0;
  for (int i = 0; i < sizes.rank(); ++i)
    if ((axes >> i & 1) && sizes[i] > 1) order[count++] = i;
  const auto step = [&](int axis) { return std::abs(strides[axis]); };
  std::sort(order, order + count, [&](int a, int b) { return step(a) < step(b); });
  int64_t extent = 0;
  for (int k = 0; k < count; ++k) {
    if (step(order[k]) <= extent) return false;
    extent += step(order[k]) * (sizes[order[k]] - 1);
  }
  return true;
}

}  // namespace

void check_has_axes(const char* op, const Tensor& x) {
  if (x.dim() == 0) throw IndexError(fmt::format("{}: a 0-d tensor has no axes", op));
}

Shape batch_of(const Tensor& x, int axes) {
  return Shape(std::span(x.shape().begin(), static_cast<size_t>(x.dim() - axes)));
}

std::optional<Shape> view_strides(const Shape& sizes, const Shape& strides, const Shape& shape) {
  if (shape.numel() == 0) return contiguous_strides(shape);
  Shape from, step;  // without axes of size 1, whose strides are arbitrary
  for (int i = 0; i < sizes.rank(); ++i) {
    if (sizes[i] == 1) continue;
    from.push_back(sizes[i]);
    step.push_back(strides[i]);
  }
  Shape out = Shape::filled(shape.rank(), 1);
  int axis = shape.rank() - 1;
  for (int i = from.rank() - 1; i >= 0; --i) {
    // Splits a run of axes with uniform steps in memory into new axes.
    int64_t run = from[i];
    const int64_t stride = step[i];
    while (i > 0 && step[i - 1] == run * stride) run *= from[--i];
    int64_t cut = 1;
    while (cut < run) {
      out[axis] = cut * stride;
      cut *= shape[axis--];
    }
    if (cut != run) return std::nullopt;
  }
  return out;
}

Tensor reshape(const Tensor& x, const Shape& shape) {
  if (const auto strides = view_strides(x.shape(), x.strides(), shape))
    return view_of(x, shape, *strides, x.impl()->offset);
  return view_of(contiguous(x), shape, contiguous_strides(shape), 0);
}

Tensor narrow(const Tensor& x, int axis, int64_t start, int64_t length, int64_t step) {
  Shape sizes = x.shape(), strides = x.strides();
  sizes[axis] = length;
  if (length > 1) strides[axis] *= step;  // the stride of a single position is arbitrary
  return view_of(x, sizes, strides, x.impl()->offset + start * x.strides()[axis]);
}

Tensor select(const Tensor& x, int axis, int64_t position) {
  Shape sizes = x.shape(), strides = x.strides();
  sizes.erase(axis);
  strides.erase(axis);
  return view_of(x, sizes, strides, x.impl()->offset + position * x.strides()[axis]);
}

Tensor permute(const Tensor& x, const Shape& axes) {
  Shape sizes = x.shape(), strides = x.strides();
  for (int i = 0; i < axes.rank(); ++i) {
    sizes[i] = x.shape()[static_cast<int>(axes[i])];
    strides[i] = x.strides()[static_cast<int>(axes[i])];
  }
  return view_of(x, sizes, strides, x.impl()->offset);
}

Tensor transpose(const Tensor& x, int axis0, int axis1) {
  Shape sizes = x.shape(), strides = x.strides();
  std::swap(sizes[axis0], sizes[axis1]);
  std::swap(strides[axis0], strides[axis1]);
  return view_of(x, sizes, strides, x.impl()->offset);
}

Tensor unsqueeze(const Tensor& x, int axis) {
  Shape sizes = x.shape(), strides = x.strides();
  sizes.insert(axis, 1);
  strides.insert(axis, 1);
  return view_of(x, sizes, strides, x.impl()->offset);
}

Tensor expand(const Tensor& x, const Shape& shape) {
  Shape strides = Shape::filled(shape.rank(), 0);
  const int added = shape.rank() - x.dim();
  for (int i = 0; i < x.dim(); ++i)
    if (x.shape()[i] == shape[added + i]) strides[added + i] = x.strides()[i];
  return view_of(x, shape, strides, x.impl()->offset);
}

bool is_apart(const Shape& sizes, const Shape& strides) {
  return is_apart_along(sizes, strides, ~0U);
}

void add_overlapping(const Tensor& to, const Tensor& x) {
  if (x.numel() == 0) return;
  const int rank = to.dim();
  // Adds at once along the axes whose elements are apart, as many as possible.
  uint32_t best = 0;
  int64_t most = 0;
  for (uint32_t axes = 0; axes < 1U << rank; ++axes) {
    int64_t elements = 1;
    for (int i = 0; i < rank; ++i)
      if (axes >> i & 1) elements *= to.shape()[i];
    if (elements > most && is_apart_along(to.shape(), to.strides(), axes))
      best = axes, most = elements;
  }
  int axis = rank - 1;
  while (axis >= 0 && (best >> axis & 1)) --axis;
  if (axis < 0) return add_into(to, x);
  for (int64_t i = 0; i < to.shape()[axis]; ++i)
    add_overlapping(select(to, axis, i), select(x, axis, i));
}

}  // namespace tapehead::core

#include "tapehead/autograd/ops/strided.h"

#include <fmt/format.h>

#include "tapehead/autograd/detail/views.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

bool is_apart(const Tensor& x) {
  return x.is_contiguous() || core::is_apart(x.shape(), x.strides());
}

// The distance from the first to the last element in memory; -1 if there are none.
int64_t strided_extent(const char* op, const Shape& sizes, const Shape& strides) {
  if (sizes.numel() == 0) return -1;
  int64_t out = 0;
  for (int i = 0; i < sizes.rank(); ++i) {
    int64_t length = 0;
    if (__builtin_mul_overflow(sizes[i] - 1, strides[i], &length) ||
        __builtin_add_overflow(out, length, &out))
      throw ShapeError(fmt::format("{}: sizes {} and strides {} are too large to address", op,
                                   sizes.str(), strides.str()));
  }
  return out;
}

// x with `part`, a view of a copy of it, replaced by the source.
template <class View>
Tensor replaced(const char* op, const Tensor& x, const Tensor& source, View view) {
  const Tensor out = x.clone(), part = view(out);
  if (source.shape() != part.shape())
    throw ShapeError(fmt::format("{}: source is {}; it must be {}, the shape that it replaces", op,
                                 core::describe(source), part.shape().str()));
  part.copy_(source);
  return out;
}

}  // namespace

Tensor as_strided(const Tensor& x, const Shape& sizes, const Shape& strides,
                  std::optional<int64_t> offset) {
  const char* op = "as_strided";
  bool valid = sizes.rank() == strides.rank();
  for (int i = 0; valid && i < sizes.rank(); ++i) valid = sizes[i] >= 0 && strides[i] >= 0;
  if (!valid)
    throw ShapeError(
        fmt::format("{}: sizes {} and strides {}; pass as many of both, and none negative", op,
                    sizes.str(), strides.str()));
  if (!is_apart(x))
    throw ShapeError(fmt::format("{}: elements of {} share memory, as after expand(); clone() it",
                                 op, core::describe(x)));
  const int64_t start = x.impl()->offset, size = strided_extent(op, x.shape(), x.strides()) + 1;
  const int64_t first = offset.value_or(start), length = strided_extent(op, sizes, strides) + 1;
  if (first < start || length > size || first - start > size - length)
    throw ShapeError(fmt::format(
        "{}: sizes {} and strides {} reach elements {}..{} of the storage; those of {} are {}..{}",
        op, sizes.str(), strides.str(), first, first + length - 1, core::describe(x), start,
        start + size - 1));
  return detail::view_memory(x, sizes, strides, first - start);
}

Tensor unfold(const Tensor& x, int64_t axis, int64_t size, int64_t step) {
  const int at = normalize_axis("unfold", axis, x.dim());
  if (x.dim() == 0) throw ShapeError("unfold: a 0-d tensor has no axes");
  const int64_t length = x.shape()[at];
  if (size < 0 || size > length)
    throw ShapeError(fmt::format("unfold: windows of size {} do not fit into size({}) of {}", size,
                                 at, core::describe(x)));
  if (step < 1)
    throw ValueError(fmt::format("unfold: the step is {}; it must be at least 1", step));
  const Tensor from = is_apart(x) ? x : x.contiguous();
  Shape sizes = from.shape(), strides = from.strides();
  sizes.push_back(size);
  strides.push_back(strides[at]);
  sizes[at] = (length - size) / step + 1;
  strides[at] *= sizes[at] > 1 ? step : 1;  // the stride of a single window is arbitrary
  return detail::view_memory(from, sizes, strides, 0);
}

Tensor select_scatter(const Tensor& x, const Tensor& source, int64_t axis, int64_t position) {
  return replaced("select_scatter", x, source,
                  [&](const Tensor& t) { return t.select(axis, position); });
}

Tensor slice_scatter(const Tensor& x, const Tensor& source, int64_t axis, Slice range) {
  return replaced("slice_scatter", x, source,
                  [&](const Tensor& t) { return detail::slice_view(t, axis, range); });
}

Tensor slice_scatter(const Tensor& x, const Tensor& source, int64_t axis, int64_t start,
                     int64_t stop, int64_t step) {
  return slice_scatter(x, source, axis, {start, stop, step});
}

Tensor diagonal_scatter(const Tensor& x, const Tensor& source, int64_t offset, int64_t axis0,
                        int64_t axis1) {
  return replaced("diagonal_scatter", x, source,
                  [&](const Tensor& t) { return t.diagonal(offset, axis0, axis1); });
}

}  // namespace tapehead

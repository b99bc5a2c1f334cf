// Views of parts: slice, select, diagonal.
#include "tapehead/autograd/ops/slice.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/views.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

// Regions. Each can locate itself in any tensor of the operand's shape, or in one with another axis
// in front.

struct SliceRegion {
  static constexpr const char* kName = "slice";
  int axis;
  int64_t start, length, step;
  Tensor of(const Tensor& t) const { return core::narrow(t, axis, start, length, step); }
  void move_axes() { ++axis; }
};

struct SelectRegion {
  static constexpr const char* kName = "select";
  int axis;
  int64_t position;
  Tensor of(const Tensor& t) const { return core::select(t, axis, position); }
  void move_axes() { ++axis; }
};

struct DiagonalRegion {
  static constexpr const char* kName = "diagonal";
  int axis0, axis1;
  int64_t offset, length;
  void move_axes() { ++axis0, ++axis1; }
  Tensor of(const Tensor& t) const {
    Shape sizes = t.shape(), strides = t.strides();
    const int64_t first = length == 0   ? 0
                          : offset >= 0 ? offset * strides[axis1]
                                        : -offset * strides[axis0];
    const int64_t step = strides[axis0] + strides[axis1];
    for (const int axis : {std::max(axis0, axis1), std::min(axis0, axis1)})
      sizes.erase(axis), strides.erase(axis);
    sizes.push_back(length);
    strides.push_back(step);
    return core::view_of(t, sizes, strides, t.impl()->offset + first);
  }
};

template <class Region>
struct Put;

/// Views a region of x. `region.of(t)` locates it in any tensor t of x's shape; kName is the op's
/// name.
template <class Region>
struct Take : CustomOp {
  static constexpr const char* kName = Region::kName;
  static constexpr Batching kBatching = Batching::adjusted;
  Region region;
  Shape shape;
  static bool batch(const Batch&, Tensor&, Region& r) {
    r.move_axes();
    return true;
  }
  Tensor forward(const Tensor& x, const Region& r) {
    region = r;
    shape = x.shape();
    return region.of(x);
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor sum = grad_buffer(0);
    if (!sum.defined()) return apply<Put<Region>>(dy, shape, region);
    core::add_into(region.of(sum), dy);
    return {};
  }
};

/// Zeros except for the region, which contains x: the gradient of Take.
template <class Region>
struct Put : CustomOp {
  static constexpr const char* kName = Region::kName;
  Region region;
  Tensor forward(const Tensor& x, const Shape& shape, const Region& r) {
    region = r;
    Tensor out = core::full(shape, 0, x.dtype());
    core::copy_into(region.of(out), x);
    return out;
  }
  Tensor backward(const Tensor& dy) const { return apply<Take<Region>>(dy, region); }
};

}  // namespace

Tensor detail::slice_view(const Tensor& x, int64_t axis, Slice range) {
  core::check_has_axes("slice", x);
  const int at = normalize_axis("slice", axis, x.dim());
  if (range.step == 0) throw ValueError("slice: the step is 0; it must not be");
  const int64_t size = x.shape()[at];
  const bool forward = range.step > 0;
  // Backward slices start at a position and end after one, which -1 - size stands for if it is the
  // first.
  const auto clamped = [&](int64_t position) {
    return std::clamp<int64_t>(position < 0 ? position + size : position, forward ? 0 : -1,
                               forward ? size : size - 1);
  };
  const int64_t start = clamped(range.start), stop = clamped(range.stop);
  const int64_t span = std::max<int64_t>(forward ? stop - start : start - stop, 0);
  const uint64_t step =
      forward ? static_cast<uint64_t>(range.step) : -static_cast<uint64_t>(range.step);
  const int64_t length =
      span == 0 ? 0 : static_cast<int64_t>(static_cast<uint64_t>(span - 1) / step) + 1;
  return apply<Take<SliceRegion>>(
      x, SliceRegion{at, length == 0 ? 0 : start, length, length > 1 ? range.step : 1});
}

Tensor slice(const Tensor& x, int64_t axis, Slice range) {
  const Tensor view = detail::slice_view(x, axis, range);
  return range.step < 0 ? view.clone() : view;
}

Tensor slice(const Tensor& x, int64_t axis, int64_t start, int64_t stop, int64_t step) {
  return slice(x, axis, {start, stop, step});
}

Tensor select(const Tensor& x, int64_t axis, int64_t position) {
  core::check_has_axes("select", x);
  const int at = normalize_axis("select", axis, x.dim());
  const int64_t size = x.shape()[at];
  if (position < -size || position >= size)
    throw IndexError(fmt::format("select: position {} is outside {}..{} of axis {} of {}", position,
                                 -size, size - 1, at, core::describe(x)));
  return apply<Take<SelectRegion>>(x, SelectRegion{at, position < 0 ? position + size : position});
}

Tensor diagonal(const Tensor& x, int64_t offset, int64_t axis0, int64_t axis1) {
  const int a = normalize_axis("diagonal", axis0, x.dim()),
            b = normalize_axis("diagonal", axis1, x.dim());
  if (a == b || x.dim() < 2)
    throw ShapeError(fmt::format("diagonal: axes {} and {} of {} are the same", axis0, axis1,
                                 core::describe(x)));
  const int64_t rows = x.shape()[a] + std::min<int64_t>(offset, 0);
  const int64_t columns = x.shape()[b] - std::max<int64_t>(offset, 0);
  const int64_t length = std::max<int64_t>(std::min(rows, columns), 0);
  return apply<Take<DiagonalRegion>>(x, DiagonalRegion{a, b, offset, length});
}

}  // namespace tapehead

// Moved or zeroed elements: flip, roll, pad, tril, triu.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"
#include "tapehead/core/parallel.h"

namespace tapehead {
namespace {

struct Flip : CustomOp {
  static constexpr const char* kName = "flip";
  static constexpr Batching kBatching = Batching::adjusted;
  Shape axes;
  static bool batch(const Batch&, Tensor&, Shape& a) {
    for (int64_t& axis : a) ++axis;
    return true;
  }
  Tensor forward(const Tensor& x, const Shape& a) {
    axes = a;
    return core::flip(x, axes);
  }
  Tensor backward(const Tensor& dy) const { return apply<Flip>(dy, axes); }
};

struct Pad : CustomOp {
  static constexpr const char* kName = "pad";
  static constexpr Batching kBatching = Batching::adjusted;
  Shape inner, before;
  static bool batch(const Batch& b, Tensor&, Shape& first, Shape& padded, Number&) {
    first.insert(0, 0), padded.insert(0, b.size);
    return true;
  }
  Tensor forward(const Tensor& x, const Shape& first, const Shape& padded, const Number& value) {
    core::check_range(kName, value, x.dtype());
    inner = x.shape();
    before = first;
    Tensor out = core::full(padded, value, x.dtype());
    Tensor middle = out;
    for (int i = 0; i < x.dim(); ++i) middle = core::narrow(middle, i, before[i], inner[i]);
    core::copy_into(middle, x);
    return out;
  }
  Tensor backward(const Tensor& dy) const {
    Tensor g = dy;
    for (int i = 0; i < inner.rank(); ++i)
      if (g.shape()[i] != inner[i]) g = g.slice(i, before[i], before[i] + inner[i]);
    return g;
  }
};

// Keeps the elements on one side of a diagonal: j - i <= diagonal, or >=.
struct Triangle : BroadcastingOp {
  static constexpr const char* kName = "tril/triu";
  bool lower;
  int64_t diagonal;
  Tensor forward(const Tensor& x, bool keep_lower, int64_t d) {
    const int64_t rows = x.size(-2), columns = x.size(-1), bytes = size_of(x.dtype());
    lower = keep_lower;
    diagonal = std::clamp(d, -rows - 1, columns);  // beyond these bounds the result does not change
    const Tensor from = core::contiguous(x);
    Tensor out = core::empty_like(x);
    if (x.numel() == 0) return out;
    core::parallel_range(
        x.numel() / columns, std::max<int64_t>(1, 32768 / columns),
        [&](int64_t begin, int64_t end) {
          for (int64_t row = begin; row < end; ++row) {
            const int64_t cut =
                std::clamp<int64_t>(row % rows + diagonal + (lower ? 1 : 0), 0, columns) * bytes;
            char* to = out.raw() + row * columns * bytes;
            const char* source = from.raw() + row * columns * bytes;
            const int64_t first = lower ? 0 : cut, last = lower ? cut : columns * bytes;
            std::memset(to, 0, static_cast<size_t>(first));
            std::memcpy(to + first, source + first, static_cast<size_t>(last - first));
            std::memset(to + last, 0, static_cast<size_t>(columns * bytes - last));
          }
        });
    return out;
  }
  Tensor backward(const Tensor& dy) const { return apply<Triangle>(dy, lower, diagonal); }
};

Tensor triangle(const char* op, const Tensor& x, bool lower, int64_t diagonal) {
  if (x.dim() < 2)
    throw ShapeError(
        fmt::format("{}: {} is not a matrix; at least two axes are needed", op, core::describe(x)));
  return apply<Triangle>(x, lower, diagonal);
}

}  // namespace

Tensor flip(const Tensor& x, const Shape& axes) {
  Shape order;
  for (const int64_t axis : axes) {
    const int at = normalize_axis("flip", axis, x.dim());
    if (std::find(order.begin(), order.end(), at) != order.end())
      throw ShapeError(fmt::format("flip: axis {} is repeated in {}", at, axes.str()));
    if (x.dim() > 0) order.push_back(at);
  }
  return apply<Flip>(x, order);
}

Tensor roll(const Tensor& x, int64_t shift, int64_t axis) {
  const int at = normalize_axis("roll", axis, x.dim());
  if (x.numel() <= 1) return x.clone();
  const int64_t size = x.shape()[at], first = size - (shift % size + size) % size;
  return cat({x.slice(at, first, size), x.slice(at, 0, first)}, at);
}

Tensor pad(const Tensor& x, const std::vector<int64_t>& widths, const Number& value) {
  if (widths.size() % 2 != 0 || static_cast<int64_t>(widths.size()) > 2 * x.dim())
    throw ShapeError(fmt::format(
        "pad: {} widths for {}; pass two (before, after) for each axis, from the last on",
        widths.size(), core::describe(x)));
  Tensor inner = x;
  Shape before = Shape::filled(x.dim(), 0), padded = x.shape();
  for (size_t i = 0; i + 1 < widths.size(); i += 2) {
    const int axis = x.dim() - 1 - static_cast<int>(i / 2);
    const int64_t first = widths[i], last = widths[i + 1], size = x.shape()[axis];
    if (__builtin_add_overflow(size, first, &padded[axis]) ||
        __builtin_add_overflow(padded[axis], last, &padded[axis]))
      throw ShapeError(fmt::format("pad: widths {} and {} make size({}) of {} too large to address",
                                   first, last, axis, core::describe(x)));
    if (padded[axis] < 0)
      throw ShapeError(fmt::format("pad: widths {} and {} crop more than size({}) of {}", first,
                                   last, axis, core::describe(x)));
    before[axis] = std::max<int64_t>(first, 0);
    if (first < 0 || last < 0) {
      const int64_t start = std::max<int64_t>(-std::max(first, -size), 0);
      inner = inner.slice(axis, start, std::max(size + std::min<int64_t>(last, 0), start));
    }
  }
  return apply<Pad>(inner, before, padded, value);
}

Tensor tril(const Tensor& x, int64_t diagonal) { return triangle("tril", x, true, diagonal); }
Tensor triu(const Tensor& x, int64_t diagonal) { return triangle("triu", x, false, diagonal); }

}  // namespace tapehead

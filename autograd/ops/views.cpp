// Copies and views: to, clone, contiguous, permute, transpose, movedim, expand.
#include "tapehead/autograd/ops/views.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

struct Cast : BroadcastingOp {
  static constexpr const char* kName = "to";
  static constexpr bool kWiderGrads = true;
  Tensor forward(const Tensor& x, DType dtype) { return core::cast(x, dtype); }
  Tensor backward(const Tensor& dy) const { return dy; }  // the engine converts the dtype
};

struct Clone : BroadcastingOp {
  static constexpr const char* kName = "clone";
  Tensor forward(const Tensor& x) {
    Tensor out = core::empty_like(x);
    core::copy_into(out, x);
    return out;
  }
  Tensor backward(const Tensor& dy) const { return dy; }
};

struct Permute : CustomOp {
  static constexpr const char* kName = "permute";
  static constexpr Batching kBatching = Batching::adjusted;
  Shape inverse;
  static bool batch(const Batch&, Tensor&, Shape& axes) {
    for (int64_t& axis : axes) ++axis;
    axes.insert(0, 0);
    return true;
  }
  Tensor forward(const Tensor& x, const Shape& axes) {
    inverse = axes;
    for (int i = 0; i < axes.rank(); ++i) inverse[static_cast<int>(axes[i])] = i;
    return core::permute(x, axes);
  }
  Tensor backward(const Tensor& dy) const { return dy.permute(inverse); }
};

struct Expand : CustomOp {
  static constexpr const char* kName = "expand";
  static constexpr Batching kBatching = Batching::adjusted;
  static bool batch(const Batch& b, Tensor& x, Shape& shape) {
    Shape sizes = x.shape();
    while (sizes.rank() <= shape.rank()) sizes.insert(1, 1);
    x = x.reshape(sizes);
    shape.insert(0, b.size);
    return true;
  }
  Tensor forward(const Tensor& x, const Shape& shape) { return core::expand(x, shape); }
  Tensor backward(const Tensor& dy) const { return dy; }  // the engine sums
};

Shape axes_in_order(int rank) {
  Shape order;
  for (int i = 0; i < rank; ++i) order.push_back(i);
  return order;
}

}  // namespace

Tensor to(const Tensor& x, DType dtype) { return dtype == x.dtype() ? x : apply<Cast>(x, dtype); }
Tensor clone(const Tensor& x) { return apply<Clone>(x); }
Tensor contiguous(const Tensor& x) { return x.is_contiguous() ? x : clone(x); }

Tensor permute(const Tensor& x, const Shape& axes) {
  Shape order = axes;
  bool seen[Shape::kMaxRank] = {};
  bool valid = axes.rank() == x.dim();
  for (int i = 0; valid && i < axes.rank(); ++i) {
    const int axis = normalize_axis("permute", axes[i], x.dim());
    valid = !std::exchange(seen[axis], true);
    order[i] = axis;
  }
  if (!valid)
    throw ShapeError(
        fmt::format("permute: axes {} are not a permutation of the {} axes of shape {}", axes.str(),
                    x.dim(), x.shape().str()));
  return apply<Permute>(x, order);
}

Tensor transpose(const Tensor& x, int64_t axis0, int64_t axis1) {
  Shape order = axes_in_order(x.dim());
  const int a = normalize_axis("transpose", axis0, x.dim()),
            b = normalize_axis("transpose", axis1, x.dim());
  if (x.dim() > 0) std::swap(order[a], order[b]);
  return apply<Permute>(x, order);
}

Tensor movedim(const Tensor& x, int64_t from, int64_t to) {
  const int a = normalize_axis("movedim", from, x.dim()),
            b = normalize_axis("movedim", to, x.dim());
  Shape order = axes_in_order(x.dim());
  if (x.dim() > 0) order.erase(a), order.insert(b, a);
  return apply<Permute>(x, order);
}

Tensor expand(const Tensor& x, const Shape& shape) {
  Shape full = shape;
  const int added = shape.rank() - x.dim();
  for (int i = std::max(added, 0); i < shape.rank(); ++i)
    if (full[i] == -1) full[i] = x.impl()->sizes[i - added];
  if (!broadcasts_to(x.shape(), full) ||
      std::any_of(full.begin(), full.end(), [](int64_t n) { return n < 0; }))
    throw ShapeError(
        fmt::format("expand: shape {} does not broadcast to {}; only sizes of 1 are repeated",
                    x.shape().str(), shape.str()));
  return apply<Expand>(x, full);
}

Tensor broadcast_to(const Tensor& x, const Shape& shape) { return expand(x, shape); }

}  // namespace tapehead

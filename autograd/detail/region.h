// Parts of a tensor that are views of it, as ops that are each other's gradient.
#pragma once

#include "tapehead/autograd/custom_op.h"
#include "tapehead/core/detail/elementwise.h"

namespace tapehead::detail {

template <class Region>
struct Put;

/// The region of x, a view. `region.of(t)` finds it in any tensor t of x's shape; kName names the
/// op.
template <class Region>
struct Take : CustomOp {
  static constexpr const char* kName = Region::kName;
  Region region;
  Shape shape;
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

/// Zeros but for the region, which holds x: the gradient of Take.
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

}  // namespace tapehead::detail

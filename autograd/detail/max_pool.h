// Ops of pooling over the planes of each channel.
#pragma once

#include <array>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/pool_shape.h"
#include "tapehead/core/detail/elementwise.h"

namespace tapehead::detail {

// Selects elements of each plane of x, the last axes of which there are `axes`.
struct GatherPlanes : CustomOp {
  static constexpr const char* kName = "gather_planes";
  int axes = 0;
  Shape sizes;
  Tensor forward(const Tensor& x, const Tensor& index, int n) {
    axes = n, sizes = x.shape();
    save(index);
    const Tensor y = core::empty(index.shape(), x.dtype());
    core::gather_planes(planes_of(sizes, n), core::contiguous(x), core::contiguous(index), y);
    return y;
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const;
};

// Puts the elements of x at their indices in planes of zeros.
struct ScatterPlanes : CustomOp {
  static constexpr const char* kName = "scatter_planes";
  int axes = 0;
  Tensor forward(const Tensor& x, const Tensor& index, const Shape& result, int n, bool add) {
    axes = n;
    save(index);
    const Tensor y = core::empty(result, x.dtype());
    core::scatter_planes(planes_of(result, n), core::contiguous(x), core::contiguous(index), add,
                         y);
    return y;
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    return {apply<GatherPlanes>(dy, saved(0), axes), Tensor()};
  }
};

inline std::array<Tensor, 2> GatherPlanes::backward(const Tensor& dy) const {
  return {apply<ScatterPlanes>(dy, saved(0), sizes, axes, true), Tensor()};
}

// Writes the indices to *index, if gradients are tracked or they are asked for.
template <class Windows>
struct MaxPool : CustomOp {
  static constexpr const char* kName = "max_pool";
  int axes = 0;
  Shape sizes;
  Tensor forward(const Tensor& x, const Shape& result, const Windows& windows, int n,
                 Tensor* const& index) {
    axes = n, sizes = x.shape();
    const Tensor y = core::empty(result, x.dtype());
    if (index) *index = save(core::empty(result, i64));
    core::max_pool(planes_of(result, n), windows, core::contiguous(x), y,
                   index ? *index : Tensor());
    return y;
  }
  Tensor backward(const Tensor& dy) const {
    return apply<ScatterPlanes>(dy, saved(0), sizes, axes, true);
  }
};

}  // namespace tapehead::detail

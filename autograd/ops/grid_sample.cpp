#include "tapehead/autograd/ops/grid_sample.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/taps.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

using core::GridTaps;
using GridMode = GridSampleMode;

// The sum over points p, taps k and channels c of w[k, p] x[c, index[k, p]] dy[c, p] is linear in
// w, x and dy. These ops are its derivatives with respect to each, given the other two, and thus
// each other's gradients.
struct GatherTaps : CustomOp {  // with respect to dy
  static constexpr const char* kName = "gather_taps";
  Tensor forward(const Tensor& x, const Tensor& w, const Tensor& index) {
    save(x), save(w), save(index);
    return core::gather_taps(core::contiguous(x), core::contiguous(w), index);
  }
  std::array<Tensor, 3> backward(const Tensor& dy) const;
};
struct ScatterTaps : CustomOp {  // with respect to x
  static constexpr const char* kName = "scatter_taps";
  Tensor forward(const Tensor& dy, const Tensor& w, const Tensor& index, int64_t size) {
    save(dy), save(w), save(index);
    return core::scatter_taps(core::contiguous(dy), core::contiguous(w), index, size);
  }
  std::array<Tensor, 3> backward(const Tensor& x) const;
};
struct ProductTaps : CustomOp {  // with respect to w
  static constexpr const char* kName = "product_taps";
  Tensor forward(const Tensor& x, const Tensor& dy, const Tensor& index) {
    save(x), save(dy), save(index);
    return core::product_taps(core::contiguous(x), core::contiguous(dy), index);
  }
  std::array<Tensor, 3> backward(const Tensor& w) const {
    const Tensor x = saved(0), dy = saved(1), index = saved(2);
    return {needs_grad(0) ? apply<ScatterTaps>(dy, w, index, x.size(2)) : Tensor(),
            needs_grad(1) ? apply<GatherTaps>(x, w, index) : Tensor(), Tensor()};
  }
};
std::array<Tensor, 3> GatherTaps::backward(const Tensor& dy) const {
  const Tensor x = saved(0), w = saved(1), index = saved(2);
  return {needs_grad(0) ? apply<ScatterTaps>(dy, w, index, x.size(2)) : Tensor(),
          needs_grad(1) ? apply<ProductTaps>(x, dy, index) : Tensor(), Tensor()};
}
std::array<Tensor, 3> ScatterTaps::backward(const Tensor& x) const {
  const Tensor dy = saved(0), w = saved(1), index = saved(2);
  return {needs_grad(0) ? apply<GatherTaps>(x, w, index) : Tensor(),
          needs_grad(1) ? apply<ProductTaps>(x, dy, index) : Tensor(), Tensor()};
}

// The weights of the taps along one axis at coordinates [N, P], or their derivatives of an order.
// Writes the indices of the taps to *index, if it is not null.
struct GridWeights : CustomOp {
  static constexpr const char* kName = "grid_weights";
  GridTaps taps{};
  int order = 0;
  Tensor forward(const Tensor& g, const GridTaps& t, int n, Tensor* const& index) {
    save(g);
    taps = t, order = n;
    if (index) *index = core::empty({g.size(0), t.taps, g.size(1)}, i32);
    return core::grid_weights(t, n, core::contiguous(g), index ? *index : Tensor());
  }
  Tensor backward(const Tensor& dw) const {
    constexpr int kDegrees[] = {0, 0, 1, 0, 3};  // of the weights of so many taps
    const Tensor g = saved(0);
    if (order >= kDegrees[taps.taps]) return core::full(g.shape(), 0, g.dtype());
    return sum(dw * apply<GridWeights>(g, taps, order + 1, static_cast<Tensor*>(nullptr)), 1);
  }
};

GridTaps grid_taps(int64_t size, const GridSampleFuncOptions& o) {
  const auto n = static_cast<double>(size);
  GridTaps t{size,
             o.align_corners ? (n - 1) / 2 : n / 2,
             o.align_corners ? 0 : -0.5,
             o.align_corners ? 0 : -0.5,
             o.align_corners ? n - 1 : n - 0.5,
             static_cast<core::GridPadding>(o.padding_mode),
             1,
             0,
             o.mode == GridMode::bicubic,
             {{1, 0, 0, 0}}};
  constexpr double kLinear[2][4] = {{1, -1, 0, 0}, {0, 1, 0, 0}};
  constexpr double kA = -0.75;
  constexpr double kCubic[4][4] = {{0, kA, -2 * kA, kA},
                                   {1, 0, -kA - 3, kA + 2},
                                   {0, -kA, 2 * kA + 3, -kA - 2},
                                   {0, 0, kA, -kA}};
  const auto set = [&t](const auto& weights, int taps, int first) {
    t.taps = taps, t.first = first;
    for (int k = 0; k < taps; ++k) std::copy_n(weights[k], 4, t.weight[k]);
  };
  if (o.mode == GridMode::bilinear) set(kLinear, 2, 0);
  if (o.mode == GridMode::bicubic) set(kCubic, 4, -1);
  return t;
}

void check_grid(const Tensor& x, const Tensor& grid, const GridSampleFuncOptions& o) {
  core::check_floating("grid_sample", x);
  if (grid.dtype() != x.dtype())
    throw DTypeError(
        fmt::format("grid_sample: x is {}, the grid {}; convert one to the other's "
                    "dtype",
                    core::describe(x), core::describe(grid)));
  if (x.dim() != 4 && x.dim() != 5)
    throw ShapeError(fmt::format("grid_sample: x is {}; expected [N, C, H, W] or [N, C, D, H, W]",
                                 x.shape().str()));
  const int axes = x.dim() - 2;
  if (grid.dim() != x.dim() || grid.size(0) != x.size(0) || grid.size(-1) != axes)
    throw ShapeError(fmt::format("grid_sample: x is {}, the grid {}; the grid must be [{}, {}, {}]",
                                 x.shape().str(), grid.shape().str(), x.size(0),
                                 axes == 2 ? "H', W'" : "D', H', W'", axes));
  if (o.mode == GridMode::bicubic && axes == 3)
    throw ShapeError(
        fmt::format("grid_sample: x is {}; bicubic samples only images", x.shape().str()));
  int64_t plane = 1;
  for (int i = 2; i < x.dim(); ++i) {
    if (x.shape()[i] == 0)
      throw ShapeError(
          fmt::format("grid_sample: x is {}; size({}) must not be 0", x.shape().str(), i));
    plane *= x.shape()[i];
  }
  if (plane > std::numeric_limits<int32_t>::max())
    throw ShapeError(
        fmt::format("grid_sample: x is {}; planes may have at most 2147483647 "
                    "elements",
                    x.shape().str()));
}

}  // namespace

Tensor grid_sample(const Tensor& given_x, const Tensor& given_grid,
                   const GridSampleFuncOptions& options) {
  const Tensor x = detail::in_f32(given_x), grid = detail::in_f32(given_grid);
  check_grid(x, grid, options);
  const DType wide = wide_type(x.dtype());
  const int axes = x.dim() - 2;
  const int64_t N = x.size(0), C = x.size(1);
  Shape result{N, C};
  int64_t P = 1, plane = 1;
  for (int i = 0; i < axes; ++i) {
    result.push_back(grid.shape()[i + 1]);
    P *= grid.shape()[i + 1], plane *= x.shape()[i + 2];
  }
  const Tensor points = grid.to(wide).reshape({N, P, axes});
  Tensor w, index;
  for (int i = 0; i < axes; ++i) {  // from the outermost axis, the last coordinate, on
    const int64_t size = x.shape()[i + 2];
    Tensor index_of_axis;
    const Tensor along = apply<GridWeights>(select(points, -1, axes - 1 - i),
                                            grid_taps(size, options), 0, &index_of_axis);
    if (i == 0) {
      w = along, index = index_of_axis;
      continue;
    }
    const int64_t taps = w.size(1) * along.size(1);
    w = (unsqueeze(w, 2) * unsqueeze(along, 1)).reshape({N, taps, P});
    index = core::combine_taps(index, index_of_axis, size);
  }
  return apply<GatherTaps>(x.to(wide).reshape({N, C, plane}), w, index)
      .reshape(result)
      .to(x.dtype());
}

Tensor affine_grid(const Tensor& theta, const Shape& size, bool align_corners) {
  core::check_floating("affine_grid", theta);
  const int axes = size.rank() - 2;
  if (axes != 2 && axes != 3)
    throw ShapeError(fmt::format(
        "affine_grid: the size is {}; expected [N, C, H, W] or [N, C, D, H, W]", size.str()));
  if (theta.shape() != Shape{size[0], axes, axes + 1})
    throw ShapeError(
        fmt::format("affine_grid: theta is {}, the size {}; theta must be [{}, {}, {}]",
                    theta.shape().str(), size.str(), size[0], axes, axes + 1));
  Shape shape;
  for (int i = 0; i < axes; ++i) shape.push_back(size[i + 2]);
  std::vector<Tensor> coordinates;
  for (int i = axes - 1; i >= 0; --i) {
    const int64_t n = shape[i];
    const double end = align_corners ? 1 : 1 - 1 / static_cast<double>(n);
    Shape along;
    for (int k = 0; k < axes; ++k) along.push_back(k == i ? n : 1);
    const Tensor values =
        n == 1 ? core::full({1}, 0, theta.dtype()) : linspace(-end, end, n, theta.dtype());
    coordinates.push_back(values.reshape(along).expand(shape));
  }
  coordinates.push_back(core::full(shape, 1, theta.dtype()));
  int64_t P = 1;
  for (const int64_t n : shape) P *= n;
  const Tensor points = stack(coordinates, axes).reshape({P, axes + 1});
  Shape result{size[0]};
  for (const int64_t n : shape) result.push_back(n);
  result.push_back(axes);
  const AutocastMode off(bf16, false);
  return matmul(points, transpose(theta, 1, 2)).reshape(result);
}

}  // namespace tapehead

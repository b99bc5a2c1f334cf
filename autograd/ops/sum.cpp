// sum, mean, sum_to.
#ifndef TAPEHEAD_ROWS
#include <fmt/format.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/spread.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/reduce.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

struct Sum : CustomOp {
  static constexpr const char* kName = "sum";
  Shape shape;
  uint32_t axes = 0;
  Tensor forward(const Tensor& x, uint32_t mask, bool keepdim) {
    shape = x.shape();
    axes = mask;
    return core::reduce(kName, kernels::Reduce::sum, x, mask, keepdim);
  }
  Tensor backward(const Tensor& dy) const { return spread(dy, shape, axes); }
};

struct Mean : CustomOp {
  static constexpr const char* kName = "mean";
  Shape shape;
  uint32_t axes = 0;
  Tensor forward(const Tensor& x, uint32_t mask, bool keepdim) {
    shape = x.shape();
    axes = mask;
    return core::reduce(kName, kernels::Reduce::mean, x, mask, keepdim);
  }
  Tensor backward(const Tensor& dy) const {
    const auto n = static_cast<double>(shape.numel()) / static_cast<double>(dy.numel());
    return spread(dy / n, shape, axes);
  }
};

struct SumTo : CustomOp {
  static constexpr const char* kName = "sum_to";
  Shape shape;
  Tensor forward(const Tensor& x, const Shape& to) {
    shape = x.shape();
    return core::sum_to(x, to);
  }
  Tensor backward(const Tensor& dy) const { return dy.expand(shape); }
};

// The inverse of a sum: the same elements seen again along the axes that it reduced.
struct Spread : CustomOp {
  static constexpr const char* kName = "spread";
  uint32_t axes = 0;
  bool keepdim = false;
  Tensor forward(const Tensor& y, const Shape& shape, uint32_t mask) {
    axes = mask;
    keepdim = y.dim() == shape.rank();
    Shape strides = Shape::filled(shape.rank(), 0);
    for (int i = 0, from = 0; i < shape.rank(); ++i) {
      const bool reduced = mask >> i & 1;
      if (!reduced) strides[i] = y.strides()[from];
      if (!reduced || keepdim) ++from;
    }
    return core::view_of(y, shape, strides, y.impl()->offset);
  }
  Tensor backward(const Tensor& dy) const { return apply<Sum>(dy, axes, keepdim); }
};

}  // namespace

Tensor sum(const Tensor& x, const Axes& axes, bool keepdim) {
  return apply<Sum>(x, axes.mask(Sum::kName, x.dim()), keepdim);
}

Tensor mean(const Tensor& x, const Axes& axes, bool keepdim) {
  return apply<Mean>(x, axes.mask(Mean::kName, x.dim()), keepdim);
}

Tensor sum_to(const Tensor& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  if (!broadcasts_to(shape, x.shape()))
    throw ShapeError(
        fmt::format("sum_to: shape {} does not broadcast to {}, so it cannot be summed to it",
                    shape.str(), x.shape().str()));
  return apply<SumTo>(x, shape);
}

Tensor sum_over(const Tensor& x, uint32_t mask, bool keepdim) {
  return apply<Sum>(x, mask, keepdim);
}

Tensor spread(const Tensor& y, const Shape& shape, uint32_t mask) {
  return apply<Spread>(y, shape, mask);
}

}  // namespace tapehead

#else  // TAPEHEAD_ROWS
#include <numeric>

#include "tapehead/tests/op_reduce.h"

namespace tapehead::rows {

static double sum_of(const Values& v) { return std::accumulate(v.begin(), v.end(), 0.0); }
static double mean_of(const Values& v) { return sum_of(v) / static_cast<double>(v.size()); }

TAPEHEAD_ROW(sum)
    .samples(reductions(sum, sum_of))
    .bad<IndexError>(
        [] {
          sum(core::full({2, 3}, 1), 2);
        },
        "sum: axis 2 is outside -2..1 of a tensor with 2 dimensions")
    .bad<ValueError>(
        [] {
          sum(core::full({2, 3}, 1), {1, -1});
        },
        "sum: axis -1 is named twice in [1, -1]; name each axis once");
TAPEHEAD_ROW(mean)
    .samples(reductions(mean, mean_of))
    .bad<DTypeError>([] { mean(core::full({2}, 1, i64)); },
                     "mean: [2] i64 is not a type it takes; convert with to(f32)");

// What a gradient that was repeated from `to` to the operand's shape is summed to.
static Sample summed_to(const Shape& from, const Shape& to) {
  return {.operands = {{from}},
          .call = [to](const Tensors& x) { return Tensors{sum_to(x[0], to)}; },
          .reference =
              [to](Arrays& x) {
                Array index(to), out(to);
                std::iota(index.values.begin(), index.values.end(), 0.0);
                const Array where = broadcast(index, x[0].shape);
                for (int64_t i = 0; i < x[0].numel(); ++i)
                  out[static_cast<int64_t>(where.values[static_cast<size_t>(i)])] += x[0][i];
                return Arrays{out};
              },
          .reduces = from.numel() / std::max<int64_t>(to.numel(), 1)};
}
TAPEHEAD_ROW(sum_to)
    .sample(summed_to({3, 4}, {3, 4}))
    .sample(summed_to({3, 4}, {4}))
    .sample(summed_to({3, 4}, {3, 1}))
    .sample(summed_to({3, 4}, {}))
    .sample(summed_to({2, 3, 4}, {1, 3, 1}))
    .sample(summed_to({1, 3, 1}, {3, 1}))
    .sample(summed_to({0, 3}, {3}))
    .sample(summed_to({90, 20, 30}, {20, 1}))
    .bad<ShapeError>(
        [] {
          sum_to(core::full({2, 3}, 1), {2});
        },
        "sum_to: shape [2] does not broadcast to [2, 3], so it cannot be summed to it");

}  // namespace tapehead::rows
#endif

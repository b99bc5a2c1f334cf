// var, stddev, norm.
#ifndef TAPEHEAD_ROWS
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/spread.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/reduce.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

using kernels::Reduce;

// How many elements went into one result, less the correction.
double freedom_of(const Shape& from, const Tensor& result, double correction) {
  const double n = static_cast<double>(from.numel()) / static_cast<double>(result.numel());
  return std::max(n - correction, 0.0);
}

// x - mean(x) over the axes of the mask.
Tensor centred(const Tensor& x, uint32_t mask, const Tensor& like) {
  const double n = static_cast<double>(x.numel()) / static_cast<double>(like.numel());
  return x - spread(sum_over(x, mask, true) / n, x.shape(), mask);
}

struct Var : CustomOp {
  static constexpr const char* kName = "var";
  uint32_t axes = 0;
  double correction = 1;
  Tensor forward(const Tensor& x, uint32_t mask, bool keepdim, double less) {
    axes = mask, correction = less;
    return core::reduce(kName, Reduce::var, save(x), mask, keepdim, correction);
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    const Tensor scaled = dy * (2 / freedom_of(x.shape(), dy, correction));
    return spread(scaled, x.shape(), axes) * centred(x, axes, dy);
  }
};

// dy / y, and 0 where y is 0: so are its derivatives, because nothing is divided by 0.
Tensor over(const Tensor& dy, const Tensor& y) {
  const Tensor zero = y == 0;
  return masked_fill(dy / masked_fill(y, zero, 1), zero, 0);
}

struct Stddev : CustomOp {
  static constexpr const char* kName = "stddev";
  uint32_t axes = 0;
  double correction = 1;
  Tensor forward(const Tensor& x, uint32_t mask, bool keepdim, double less) {
    axes = mask, correction = less;
    return save(core::reduce(kName, Reduce::stddev, save(x), mask, keepdim, correction));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    const Tensor scaled = over(dy, saved(1)) / freedom_of(x.shape(), dy, correction);
    return spread(scaled, x.shape(), axes) * centred(x, axes, dy);
  }
};

struct Norm2 : CustomOp {
  static constexpr const char* kName = "norm";
  uint32_t axes = 0;
  Tensor forward(const Tensor& x, uint32_t mask, bool keepdim) {
    axes = mask;
    return save(core::reduce(kName, Reduce::norm2, save(x), mask, keepdim));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    return spread(over(dy, saved(1)), x.shape(), axes) * x;
  }
};

}  // namespace

Tensor var(const Tensor& x, const Axes& axes, bool keepdim, double correction) {
  return apply<Var>(x, axes.mask(Var::kName, x.dim()), keepdim, correction);
}

Tensor stddev(const Tensor& x, const Axes& axes, bool keepdim, double correction) {
  return apply<Stddev>(x, axes.mask(Stddev::kName, x.dim()), keepdim, correction);
}

Tensor norm(const Tensor& x, double p, const Axes& axes, bool keepdim) {
  const uint32_t mask = axes.mask(Norm2::kName, x.dim());
  if (p == 2) return apply<Norm2>(x, mask, keepdim);
  if (!is_floating(x.dtype()))
    throw DTypeError(
        fmt::format("norm: {} is not a type it takes; convert with to(f32)", core::describe(x)));
  if (p == 1) return sum(abs(x), axes, keepdim);
  if (std::isinf(p) && p > 0) return amax(abs(x), axes, keepdim);
  throw ValueError(fmt::format("norm: p = {} is not one it takes; use 1, 2 or infinity", p));
}

}  // namespace tapehead

#else  // TAPEHEAD_ROWS
#include <limits>

#include "tapehead/tests/op_reduce.h"

namespace tapehead::rows {

static double variance(const Values& v, double correction) {
  double mean = 0, squares = 0;
  for (const double x : v) mean += x / static_cast<double>(v.size());
  for (const double x : v) squares += (x - mean) * (x - mean);
  return squares / std::max(static_cast<double>(v.size()) - correction, 0.0);
}

// By default a single element has no variance: 0 / 0. Those cases are left to correction 0.
static std::vector<Sample> of_several(std::vector<Sample> list) {
  std::erase_if(list, [](const Sample& s) { return s.reduces < 2; });
  return list;
}

TAPEHEAD_ROW(var)
    .samples(of_several(reductions([](const Tensor& x, const Axes& axes,
                                      bool keepdim) { return var(x, axes, keepdim); },
                                   [](const Values& v) { return variance(v, 1); })))
    .samples(reductions([](const Tensor& x, const Axes& axes,
                           bool keepdim) { return var(x, axes, keepdim, 0); },
                        [](const Values& v) { return variance(v, 0); }, {.empty = false}))
    .bad<DTypeError>([] { var(core::full({2}, 1, i64)); },
                     "var: [2] i64 is not a type it takes; convert with to(f32)");
static std::vector<Sample> of_different(std::vector<Sample> list) {
  for (Sample& s : list) s.may_repeat = false;
  return list;
}
TAPEHEAD_ROW(stddev)
    .samples(of_different(of_several(reductions(
        [](const Tensor& x, const Axes& axes, bool keepdim) { return stddev(x, axes, keepdim); },
        [](const Values& v) { return std::sqrt(variance(v, 1)); }))))
    .samples(of_different(of_several(reductions(
        [](const Tensor& x, const Axes& axes, bool keepdim) { return stddev(x, axes, keepdim, 0); },
        [](const Values& v) { return std::sqrt(variance(v, 0)); }))))
    .corners([](const Tensor& x) { return stddev(x); }, {3, 3, 3});
TAPEHEAD_ROW(norm)
    .samples(reductions([](const Tensor& x, const Axes& axes,
                           bool keepdim) { return norm(x, 2, axes, keepdim); },
                        [](const Values& v) {
                          double squares = 0;
                          for (const double x : v) squares += x * x;
                          return std::sqrt(squares);
                        },
                        {.away_from_zero = 0.1}))
    .samples(reductions([](const Tensor& x, const Axes& axes,
                           bool keepdim) { return norm(x, 1, axes, keepdim); },
                        [](const Values& v) {
                          double total = 0;
                          for (const double x : v) total += std::abs(x);
                          return total;
                        },
                        {.away_from_zero = 0.1}))
    .samples(reductions(
        [](const Tensor& x, const Axes& axes, bool keepdim) {
          return norm(x, std::numeric_limits<double>::infinity(), axes, keepdim);
        },
        [](const Values& v) {
          double top = 0;
          for (const double x : v) top = std::max(top, std::abs(x));
          return top;
        },
        {.away_from_zero = 0.1, .empty = false}))
    .corners([](const Tensor& x) { return norm(x); }, {0, 0, 0})
    .corners([](const Tensor& x) { return norm(x, 1); }, {0, -2, 1})
    .corners([](const Tensor& x) { return norm(x, std::numeric_limits<double>::infinity()); },
             {2, -2, 1})
    .bad<ValueError>([] { norm(core::full({2}, 1), 3); },
                     "norm: p = 3 is not one it takes; use 1, 2 or infinity")
    .bad<DTypeError>([] { norm(core::full({2}, 1, i64)); },
                     "norm: [2] i64 is not a type it takes; convert with to(f32)");

}  // namespace tapehead::rows
#endif

// max, min, amax, amin, argmax, argmin.
#ifndef TAPEHEAD_ROWS
#include <fmt/format.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/spread.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/order.h"
#include "tapehead/core/detail/reduce.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

// Elements that are equally extreme share the gradient evenly, as in PyTorch.
template <bool kMax>
struct Extremum : CustomOp {
  static constexpr const char* kName = kMax ? "amax" : "amin";
  uint32_t axes = 0;
  Tensor forward(const Tensor& x, uint32_t mask, bool keepdim) {
    axes = mask;
    constexpr auto kKernel = kMax ? kernels::Reduce::max : kernels::Reduce::min;
    return save(core::reduce(kName, kKernel, save(x), mask, keepdim));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0).detach(), y = saved(1).detach();
    const Tensor hit = (x == spread(y, x.shape(), axes)).to(dy.dtype());
    return spread(dy, x.shape(), axes) * (hit / sum_over(hit, axes, true));
  }
};

// Throws unless every result has elements to choose from.
void check_some(const char* op, const Tensor& x, uint32_t mask) {
  const bool wanted = core::reduced_shape(x.shape(), mask, false).numel() > 0;
  if (wanted && x.numel() == 0)
    throw ShapeError(
        fmt::format("{}: {} has nothing to choose from along the reduced axes, whose size is 0", op,
                    core::describe(x)));
}

template <bool kMax>
Tensor extremum(const char* op, const Tensor& x, const Axes& axes, bool keepdim) {
  const uint32_t mask = axes.mask(op, x.dim());
  check_some(op, x, mask);
  return apply<Extremum<kMax>>(x, mask, keepdim);
}

Tensor arg(const char* op, const Tensor& x, int64_t axis, bool keepdim, bool largest) {
  const int along = normalize_axis(op, axis, x.dim());
  check_some(op, x, 1u << along);
  const Tensor at = core::arg_extremum(x, along, largest);
  return keepdim || x.dim() == 0 ? at : at.squeeze(along);
}

// In row-major order.
Tensor arg_of_all(const char* op, const Tensor& x, bool largest) {
  const Tensor flat = core::contiguous(x);
  const int64_t n = x.numel();
  check_some(op, x, (1u << std::max(x.dim(), 1)) - 1);
  return core::arg_extremum(core::view_of(flat, {n}, {1}, flat.impl()->offset), 0, largest)
      .squeeze(0);
}

ValuesAndIndices chosen(const Tensor& x, const Tensor& indices, int axis, bool keepdim) {
  if (x.dim() == 0) return {gather(x.reshape({1}), 0, indices.reshape({1})).reshape({}), indices};
  const Tensor values = gather(x, axis, indices);
  if (keepdim) return {values, indices};
  return {values.squeeze(axis), indices.squeeze(axis)};
}

}  // namespace

Tensor amax(const Tensor& x, const Axes& axes, bool keepdim) {
  return extremum<true>("amax", x, axes, keepdim);
}
Tensor amin(const Tensor& x, const Axes& axes, bool keepdim) {
  return extremum<false>("amin", x, axes, keepdim);
}
Tensor max(const Tensor& x) { return extremum<true>("max", x, {}, false); }
Tensor min(const Tensor& x) { return extremum<false>("min", x, {}, false); }

ValuesAndIndices max(const Tensor& x, int64_t axis, bool keepdim) {
  return chosen(x, arg("max", x, axis, true, true), normalize_axis("max", axis, x.dim()), keepdim);
}
ValuesAndIndices min(const Tensor& x, int64_t axis, bool keepdim) {
  return chosen(x, arg("min", x, axis, true, false), normalize_axis("min", axis, x.dim()), keepdim);
}

Tensor argmax(const Tensor& x) { return arg_of_all("argmax", x, true); }
Tensor argmin(const Tensor& x) { return arg_of_all("argmin", x, false); }
Tensor argmax(const Tensor& x, int64_t axis, bool keepdim) {
  return arg("argmax", x, axis, keepdim, true);
}
Tensor argmin(const Tensor& x, int64_t axis, bool keepdim) {
  return arg("argmin", x, axis, keepdim, false);
}

}  // namespace tapehead

#else  // TAPEHEAD_ROWS
#include <algorithm>

#include "tapehead/tests/op_reduce.h"

namespace tapehead::rows {

static double largest(const Values& v) { return *std::max_element(v.begin(), v.end()); }
static double smallest(const Values& v) { return *std::min_element(v.begin(), v.end()); }

// The value and the position of the extremum along an axis.
static Sample with_position(const Shape& shape, int axis, bool keepdim, bool max_of,
                            bool position_only) {
  const auto call = [=](const Tensors& x) {
    if (position_only)
      return Tensors{max_of ? argmax(x[0], axis, keepdim) : argmin(x[0], axis, keepdim)};
    const auto [values, indices] = max_of ? max(x[0], axis, keepdim) : min(x[0], axis, keepdim);
    return Tensors{values, indices};
  };
  const auto reference = [=](Arrays& in) {
    Shape out = in[0].shape;
    const int along = axis < 0 ? axis + std::max(out.rank(), 1) : axis;
    if (out.rank() > 0) out[along] = 1;
    Array values(out), indices(out);
    int64_t line = 0;
    each_line(in[0], along, [&](const Values& v, const std::vector<size_t>&) {
      const auto at =
          max_of ? std::max_element(v.begin(), v.end()) : std::min_element(v.begin(), v.end());
      values[line] = *at;
      indices[line++] = static_cast<double>(at - v.begin());
    });
    if (!keepdim && out.rank() > 0) values.shape.erase(along), indices.shape.erase(along);
    return position_only ? Arrays{indices} : Arrays{values, indices};
  };
  return {.operands = {{shape}},
          .call = call,
          .reference = reference,
          .differentiable = !position_only};
}

static std::vector<Sample> with_positions(bool max_of, bool position_only) {
  std::vector<Sample> out;
  for (const auto& [shape, axis, keepdim] :
       std::vector<std::tuple<Shape, int, bool>>{{{}, 0, false},
                                                 {{5}, -1, true},
                                                 {{3, 4}, 1, false},
                                                 {{3, 4}, 0, true},
                                                 {{2, 3, 5}, 1, false},
                                                 {{2, 37}, -1, false},
                                                 {{0, 3}, 1, true},
                                                 {{300, 100}, 0, false},
                                                 {{100, 300}, 1, false}})
    out.push_back(with_position(shape, axis, keepdim, max_of, position_only));
  return out;
}

static Sample of_all(Tensor (*f)(const Tensor&), bool max_of, bool position) {
  return {.operands = {{{3, 5}}},
          .call = [f](const Tensors& x) { return Tensors{f(x[0])}; },
          .reference =
              [=](Arrays& x) {
                const Values& v = x[0].values;
                const auto at = max_of ? std::max_element(v.begin(), v.end())
                                       : std::min_element(v.begin(), v.end());
                return Arrays{Array({}, position ? static_cast<double>(at - v.begin()) : *at)};
              },
          .differentiable = !position};
}

// Ties along both axes.
static Sample equal(std::function<Tensors(const Tensor&)> f) {
  return {.operands = {given(Shape{3, 3}, {1, 3, 3, 3, 2, 1, 1, 2, 1})},
          .call = [f = std::move(f)](const Tensors& x) { return f(x[0]); },
          .has_derivative = false};
}
static Tensors with_indices(const ValuesAndIndices& found) { return {found.values, found.indices}; }

static const Tensor kNothing = core::full({3, 0}, 0);

TAPEHEAD_ROW(amax)
    .samples(reductions(amax, largest, {.empty = false}))
    .sample(equal([](const Tensor& x) {
      return Tensors{amax(x, 1), amax(x, 0), amax(x)};
    }))
    .bad<ShapeError>(
        [] { amax(kNothing, 1); },
        "amax: [3, 0] f32 has nothing to choose from along the reduced axes, whose size is 0");
TAPEHEAD_ROW(amin)
    .samples(reductions(amin, smallest, {.empty = false}))
    .sample(equal([](const Tensor& x) {
      return Tensors{amin(x, 1), amin(x, 0), amin(x)};
    }));
TAPEHEAD_ROW(max)
    .sample(of_all(max, true, false))
    .samples(with_positions(true, false))
    .sample(equal([](const Tensor& x) { return with_indices(max(x, 1)); }))
    .bad<ShapeError>(
        [] { max(kNothing); },
        "max: [3, 0] f32 has nothing to choose from along the reduced axes, whose size is 0")
    .bad<IndexError>([] { max(kNothing, 2); },
                     "max: axis 2 is outside -2..1 of a tensor with 2 dimensions");
TAPEHEAD_ROW(min)
    .sample(of_all(min, false, false))
    .samples(with_positions(false, false))
    .sample(equal([](const Tensor& x) { return with_indices(min(x, 0)); }));
TAPEHEAD_ROW(argmax)
    .sample(of_all(argmax, true, true))
    .samples(with_positions(true, true))
    .bad<ShapeError>(
        [] { argmax(kNothing, 1); },
        "argmax: [3, 0] f32 has nothing to choose from along the reduced axes, whose size is 0");
TAPEHEAD_ROW(argmin).sample(of_all(argmin, false, true)).samples(with_positions(false, true));

}  // namespace tapehead::rows
#endif

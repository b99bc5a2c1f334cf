// scatter, scatter_reduce, put_along_axis.
#include "tapehead/autograd/ops/scatter.h"

#include <fmt/format.h>

#include <limits>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/scatter.h"
#include "tapehead/autograd/detail/views.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/index.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/index.h"

namespace tapehead {
namespace {

using detail::AtIndices;
using kernels::Scatter;

Tensor scattered(const Tensor& x, int axis, const Tensor& indices, const Tensor& source,
                 Scatter how) {
  Tensor out = core::clone(x);
  core::scatter(out, axis, indices, core::cast(source, x.dtype()), how);
  return out;
}

struct ScatterSet : CustomOp {
  static constexpr const char* kName = "scatter";
  int axis;
  Tensor forward(const Tensor& x, int a, const Tensor& indices, const Tensor& source) {
    axis = a;
    return scattered(x, axis, save(indices), source, Scatter::set);
  }
  std::array<Tensor, 3> backward(const Tensor& dy) const {
    return {needs_grad(0) ? scatter(dy, axis, saved(0), 0) : Tensor(), Tensor(),
            needs_grad(2) ? gather(dy, axis, saved(0)) : Tensor()};
  }
};

struct ScatterProd : CustomOp {
  static constexpr const char* kName = "scatter_reduce";
  int axis;
  Tensor forward(const Tensor& x, int a, const Tensor& indices, const Tensor& source) {
    axis = a;
    save(x), save(indices), save(source);
    return scattered(x, axis, indices, source, Scatter::mul);
  }
  // The derivative by a factor is the product of the others: the product of those that are not
  // zero, unless another is zero.
  std::array<Tensor, 3> backward(const Tensor& dy) const {
    const DType dtype = wide_type(dy.dtype());
    const Tensor x = saved(0).to(dtype), indices = saved(1), source = saved(2).to(dtype);
    const Tensor zero_x = eq(x, 0), zero_source = eq(source, 0);
    const Tensor factor_x = masked_fill(x, zero_x, 1);
    const Tensor factor_source = masked_fill(source, zero_source, 1);
    const Tensor product = apply<ScatterProd>(factor_x, axis, indices, factor_source);
    const Tensor zeros = scatter_add(zero_x.to(dtype), axis, indices, zero_source.to(dtype));
    const auto others = [&](const Tensor& all, const Tensor& factor, const Tensor& count,
                            const Tensor& is_zero) {
      return masked_fill(all / factor, ne(count, is_zero.to(dtype)), 0);
    };
    return {needs_grad(0) ? dy * others(product, factor_x, zeros, zero_x) : Tensor(), Tensor(),
            needs_grad(2)
                ? gather(dy, axis, indices) * others(gather(product, axis, indices), factor_source,
                                                     gather(zeros, axis, indices), zero_source)
                : Tensor()};
  }
};

struct ScatterExtreme : CustomOp {
  static constexpr const char* kName = "scatter_reduce";
  int axis;
  Tensor forward(const Tensor& x, int a, const Tensor& indices, const Tensor& source, bool max) {
    axis = a;
    save(x), save(indices), save(source);
    return save(scattered(x, axis, indices, source, max ? Scatter::max : Scatter::min));
  }
  std::array<Tensor, 3> backward(const Tensor& dy) const {
    const Tensor indices = saved(1), result = saved(3), source = saved(2);
    const Tensor is_x = eq(saved(0), result).to(dy.dtype());
    const Tensor is_source =
        eq(source.to(result.dtype()), gather(result, axis, indices)).to(dy.dtype());
    const Tensor share = dy / scatter_add(is_x, axis, indices, is_source);
    return {share * is_x, Tensor(),
            needs_grad(2) ? gather(share, axis, indices) * is_source : Tensor()};
  }
};

// The smallest or largest value of a dtype.
Tensor bound_of(DType dtype, bool largest) {
  if (is_floating(dtype))
    return largest ? std::numeric_limits<double>::infinity()
                   : -std::numeric_limits<double>::infinity();
  return visit(dtype, [&]<class T>() {
    return Tensor(static_cast<int64_t>(largest ? std::numeric_limits<T>::max()
                                               : std::numeric_limits<T>::lowest()));
  });
}

// The neutral element of a reduction.
Tensor neutral_element(std::string_view reduce, DType dtype) {
  if (reduce == "prod") return 1;
  if (reduce == "amax" || reduce == "amin") return bound_of(dtype, reduce == "amin");
  return 0;
}

Tensor scatter_means(const Tensor& sum, const Tensor& x, const AtIndices& at, bool include_self) {
  const DType dtype = is_reduced_floating(x.dtype()) ? f32 : x.dtype();
  const Tensor count = no_grad([&] {
    const Tensor one = core::full(x.shape(), 1, dtype);
    const Tensor self = include_self ? one : scatter(one, at.axis, at.indices, 0);
    return scatter_add(self, at.axis, at.indices, core::full(at.indices.shape(), 1, dtype));
  });
  return is_floating(dtype) ? (sum / count).to(x.dtype()) : floor_divide(sum, count);
}

Tensor scatter_reduced(const Tensor& before, const AtIndices& at, std::string_view reduce,
                       bool include_self) {
  const Tensor x =
      include_self ? before
                   : scatter(before, at.axis, at.indices, neutral_element(reduce, before.dtype()));
  if (reduce == "prod") return apply<ScatterProd>(x, at.axis, at.indices, at.source);
  if (reduce == "amax" || reduce == "amin")
    return apply<ScatterExtreme>(x, at.axis, at.indices, at.source, reduce == "amax");
  const Tensor sum = scatter_add(x, at.axis, at.indices, at.source);
  return reduce == "sum" ? sum : scatter_means(sum, x, at, include_self);
}

AtIndices reduce_at(const char* op, const Tensor& x, int64_t axis, const Tensor& indices,
                    const Tensor& source, std::string_view reduce) {
  for (const std::string_view known : {"sum", "prod", "mean", "amax", "amin"})
    if (reduce == known) return detail::elements_at(op, x, axis, indices, source);
  throw ValueError(fmt::format(
      "{}: reduce is \"{}\"; pass \"sum\", \"prod\", \"mean\", \"amax\" or \"amin\"", op, reduce));
}

}  // namespace

Tensor scatter(const Tensor& x, int64_t axis, const Tensor& indices, const Tensor& source) {
  const AtIndices at = detail::elements_at("scatter", x, axis, indices, source);
  return apply<ScatterSet>(x, at.axis, at.indices, at.source);
}

const Tensor& scatter_(const Tensor& x, int64_t axis, const Tensor& indices, const Tensor& source) {
  const AtIndices at = detail::elements_at("scatter_", x, axis, indices, source);
  return detail::change_at<ScatterSet>("scatter_", x, at, [&](const Tensor& values) {
    core::scatter(x, at.axis, at.indices, values, Scatter::set);
  });
}

Tensor scatter_reduce(const Tensor& x, int64_t axis, const Tensor& indices, const Tensor& source,
                      std::string_view reduce, bool include_self) {
  return scatter_reduced(x, reduce_at("scatter_reduce", x, axis, indices, source, reduce), reduce,
                         include_self);
}

const Tensor& scatter_reduce_(const Tensor& x, int64_t axis, const Tensor& indices,
                              const Tensor& source, std::string_view reduce, bool include_self) {
  const AtIndices at = reduce_at("scatter_reduce_", x, axis, indices, source, reduce);
  detail::change(
      "scatter_reduce_", x, source,
      [&] { return scatter_reduced(detail::copy_on_tape(x), at, reduce, include_self); },
      [&] {
        core::copy_into(x, no_grad([&] { return scatter_reduced(x, at, reduce, include_self); }));
      });
  return x;
}

Tensor put_along_axis(const Tensor& x, const Tensor& indices, const Tensor& values, int64_t axis) {
  const char* op = "put_along_axis";
  const int at = normalize_axis(op, axis, x.dim());
  if (x.dim() != indices.dim())
    throw ShapeError(fmt::format("{}: {} and indices {} must have the same number of axes", op,
                                 core::describe(x), indices.shape().str()));
  Shape wanted = x.shape();
  if (x.dim() > 0) wanted[at] = indices.shape()[at];
  for (const Tensor& t : {indices, values})
    if (!broadcasts_to(t.shape(), wanted))
      throw ShapeError(fmt::format("{}: {} {} do not broadcast to {}", op,
                                   t.is_same(indices) ? "indices" : "values", t.shape().str(),
                                   wanted.str()));
  if (core::is_number(values)) return scatter(x, at, indices.expand(wanted), values);
  return scatter(x, at, indices.expand(wanted), values.expand(wanted));
}

}  // namespace tapehead

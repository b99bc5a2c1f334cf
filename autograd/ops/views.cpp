// Copies, and the same elements seen along other axes.
#ifndef TAPEHEAD_ROWS
#include "tapehead/core/detail/views.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

struct Cast : CustomOp {
  static constexpr const char* kName = "to";
  Tensor forward(const Tensor& x, DType dtype) { return core::cast(x, dtype); }
  Tensor backward(const Tensor& dy) const { return dy; }  // the engine converts
};

struct Clone : CustomOp {
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
  Shape inverse;
  Tensor forward(const Tensor& x, const Shape& axes) {
    inverse = axes;
    for (int i = 0; i < axes.rank(); ++i) inverse[static_cast<int>(axes[i])] = i;
    return core::permute(x, axes);
  }
  Tensor backward(const Tensor& dy) const { return dy.permute(inverse); }
};

struct Expand : CustomOp {
  static constexpr const char* kName = "expand";
  Tensor forward(const Tensor& x, const Shape& shape) { return core::expand(x, shape); }
  Tensor backward(const Tensor& dy) const { return dy; }  // the engine sums
};

Shape axes_in_order(int rank) {
  Shape order;
  for (int i = 0; i < rank; ++i) order.push_back(i);
  return order;
}

}  // namespace

Tensor Tensor::to(DType dtype) const {
  return dtype == this->dtype() ? *this : apply<Cast>(*this, dtype);
}
Tensor Tensor::clone() const { return apply<Clone>(*this); }
Tensor Tensor::contiguous() const { return is_contiguous() ? *this : clone(); }

Tensor Tensor::permute(const Shape& axes) const {
  Shape order = axes;
  bool seen[Shape::kMaxRank] = {};
  bool valid = axes.rank() == dim();
  for (int i = 0; valid && i < axes.rank(); ++i) {
    const int axis = normalize_axis("permute", axes[i], dim());
    valid = !std::exchange(seen[axis], true);
    order[i] = axis;
  }
  if (!valid)
    throw ShapeError(fmt::format("permute: axes {} are not an order of the {} axes of shape {}",
                                 axes.str(), dim(), shape().str()));
  return apply<Permute>(*this, order);
}

Tensor Tensor::transpose(int64_t axis0, int64_t axis1) const {
  Shape order = axes_in_order(dim());
  const int a = normalize_axis("transpose", axis0, dim()),
            b = normalize_axis("transpose", axis1, dim());
  if (dim() > 0) std::swap(order[a], order[b]);
  return apply<Permute>(*this, order);
}

Tensor movedim(const Tensor& x, int64_t from, int64_t to) {
  const int a = normalize_axis("movedim", from, x.dim()),
            b = normalize_axis("movedim", to, x.dim());
  Shape order = axes_in_order(x.dim());
  if (x.dim() > 0) order.erase(a), order.insert(b, a);
  return apply<Permute>(x, order);
}

Tensor Tensor::expand(const Shape& shape) const {
  Shape full = shape;
  const int added = shape.rank() - dim();
  for (int i = std::max(added, 0); i < shape.rank(); ++i)
    if (full[i] == -1) full[i] = impl_->sizes[i - added];
  if (!broadcasts_to(this->shape(), full) ||
      std::any_of(full.begin(), full.end(), [](int64_t n) { return n < 0; }))
    throw ShapeError(
        fmt::format("expand: shape {} does not broadcast to {}; only sizes of 1 are repeated",
                    this->shape().str(), shape.str()));
  return apply<Expand>(*this, full);
}

Tensor broadcast_to(const Tensor& x, const Shape& shape) { return x.expand(shape); }

}  // namespace tapehead

#else  // TAPEHEAD_ROWS: the rows of these ops in the table of tests
#include "tapehead/tests/op_row.h"

namespace tapehead::rows {
namespace {

Arrays transposed(Arrays& in) {
  const Shape& s = in[0].shape;
  Array out({s[0], s[2], s[1]});
  for (int64_t i = 0; i < s[0]; ++i)
    for (int64_t j = 0; j < s[1]; ++j)
      for (int64_t k = 0; k < s[2]; ++k) out(i, k, j) = in[0](i, j, k);
  return {out};
}

Arrays last_axis_first(Arrays& in) {
  const Shape& s = in[0].shape;
  Array out({s[2], s[0], s[1]});
  for (int64_t i = 0; i < s[0]; ++i)
    for (int64_t j = 0; j < s[1]; ++j)
      for (int64_t k = 0; k < s[2]; ++k) out(k, i, j) = in[0](i, j, k);
  return {out};
}

Arrays expanded(Arrays& in) {  // [3, 1] -> [2, 3, 4]
  Array out({2, 3, 4});
  for (int64_t i = 0; i < 2; ++i)
    for (int64_t j = 0; j < 3; ++j)
      for (int64_t k = 0; k < 4; ++k) out(i, j, k) = in[0](j, 0);
  return {out};
}

}  // namespace

TAPEHEAD_ROW(clone).sample({{{{2, 3}}},
                            [](const Tensors& in) { return Tensors{in[0].clone()}; },
                            reshaped({2, 3})});
TAPEHEAD_ROW(contiguous)
    .sample({{{{2, 3}}},
             [](const Tensors& in) { return Tensors{in[0].contiguous()}; },
             reshaped({2, 3})});

TAPEHEAD_ROW(permute)
    .sample({{{{2, 3, 4}}},
             [](const Tensors& in) {
               return Tensors{in[0].permute({0, -1, 1})};
             },
             transposed})
    .bad<ShapeError>(
        [] {
          ones({2, 3}).permute({0, 0});
        },
        "permute: axes [0, 0] are not an order of the 2 axes of shape [2, 3]");

TAPEHEAD_ROW(transpose)
    .sample({{{{2, 3, 4}}},
             [](const Tensors& in) { return Tensors{in[0].transpose(-1, 1)}; },
             transposed})
    .bad<IndexError>(
        [] {
          ones({2, 3}).transpose(0, 2);
        },
        "transpose: axis 2 is outside -2..1 of a tensor with 2 dimensions");

TAPEHEAD_ROW(movedim)
    .sample({{{{2, 3, 4}}},
             [](const Tensors& in) { return Tensors{movedim(in[0], -1, 0)}; },
             last_axis_first})
    .sample({{{{2, 3, 4}}},
             [](const Tensors& in) { return Tensors{movedim(in[0], 1, 2)}; },
             transposed})
    .bad<IndexError>(
        [] {
          movedim(ones({2, 3}), 0, 2);
        },
        "movedim: axis 2 is outside -2..1 of a tensor with 2 dimensions");

TAPEHEAD_ROW(expand)
    .sample({{{{3, 1}}},
             [](const Tensors& in) {
               return Tensors{in[0].expand({2, -1, 4})};
             },
             expanded})
    .bad<ShapeError>(
        [] {
          ones({3, 2}).expand({3, 4});
        },
        "expand: shape [3, 2] does not broadcast to [3, 4]; only sizes of 1 are repeated")
    .bad<ShapeError>([] { ones({1}).expand({-2}); },
                     "expand: shape [1] does not broadcast to [-2]; only sizes of 1 are repeated");

TAPEHEAD_ROW(broadcast_to)
    .sample({{{{3, 1}}},
             [](const Tensors& in) {
               return Tensors{broadcast_to(in[0], {2, 3, 4})};
             },
             expanded})
    .bad<ShapeError>([] { broadcast_to(ones({3}), {2}); },
                     "expand: shape [3] does not broadcast to [2]; only sizes of 1 are repeated");

}  // namespace tapehead::rows
#endif

// Views of parts: split, chunk, unbind.
#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/axis_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

// Splits an axis into consecutive parts. A single node for all parts joins their gradients only
// once.
struct Split : AxisOp {
  static constexpr const char* kName = "split";
  static constexpr bool kUndefinedGrads = true;
  int axis;
  Shape shape;
  std::vector<int64_t> sizes;
  std::vector<Tensor> forward(const Tensor& x, int a, const std::vector<int64_t>& s) {
    axis = a;
    shape = x.shape();
    sizes = s;
    std::vector<Tensor> parts;
    int64_t start = 0;
    for (const int64_t size : sizes) {
      parts.push_back(core::narrow(x, axis, start, size));
      start += size;
    }
    return parts;
  }
  Tensor backward(Grads& grads) const {
    std::vector<Tensor> parts;
    for (size_t i = 0; i < grads.size(); ++i) {
      parts.push_back(grads[i]);
      if (grads[i].defined()) continue;
      Shape part = shape;
      part[axis] = sizes[i];
      parts[i] = core::full(part, 0, outputs[i].dtype);
    }
    return cat(parts, axis);
  }
};

struct Unbind : AxisOp {
  static constexpr const char* kName = "unbind";
  static constexpr bool kUndefinedGrads = true;
  int axis;
  std::vector<Tensor> forward(const Tensor& x, int a) {
    axis = a;
    std::vector<Tensor> parts;
    for (int64_t i = 0; i < x.shape()[axis]; ++i) parts.push_back(core::select(x, axis, i));
    return parts;
  }
  Tensor backward(Grads& grads) const {
    std::vector<Tensor> parts(grads.begin(), grads.end());
    for (size_t i = 0; i < parts.size(); ++i)
      if (!parts[i].defined()) parts[i] = core::full(outputs[i].shape, 0, outputs[i].dtype);
    return stack(parts, axis);
  }
};

}  // namespace

std::vector<Tensor> split(const Tensor& x, const std::vector<int64_t>& sizes, int64_t axis) {
  core::check_has_axes("split", x);
  const int at = normalize_axis("split", axis, x.dim());
  int64_t total = 0;
  bool valid = true;
  for (const int64_t size : sizes)
    valid = valid && size >= 0 && !__builtin_add_overflow(total, size, &total);
  if (!valid || total != x.shape()[at])
    throw ShapeError(fmt::format("split: sizes [{}] do not add up to size({}) of {}",
                                 fmt::join(sizes, ", "), at, core::describe(x)));
  return apply<Split>(x, at, sizes);
}

// Without this overload, {2} would be the number 2.
std::vector<Tensor> split(const Tensor& x, std::initializer_list<int64_t> sizes, int64_t axis) {
  return split(x, std::vector<int64_t>(sizes), axis);
}

std::vector<Tensor> split(const Tensor& x, int64_t size, int64_t axis) {
  core::check_has_axes("split", x);
  if (size < 1)
    throw ValueError(
        fmt::format("split: the size of the parts is {}; it must be at least 1", size));
  const int at = normalize_axis("split", axis, x.dim());
  std::vector<int64_t> sizes;
  for (int64_t left = x.shape()[at]; left > 0; left -= size) sizes.push_back(std::min(left, size));
  if (sizes.empty()) sizes.push_back(0);
  return apply<Split>(x, at, sizes);
}

std::vector<Tensor> chunk(const Tensor& x, int64_t chunks, int64_t axis) {
  core::check_has_axes("chunk", x);
  if (chunks < 1)
    throw ValueError(fmt::format("chunk: {} chunks; there must be at least 1", chunks));
  const int64_t size = x.shape()[normalize_axis("chunk", axis, x.dim())];
  return split(x, std::max<int64_t>(size / chunks + (size % chunks != 0), 1), axis);
}

std::vector<Tensor> unbind(const Tensor& x, int64_t axis) {
  core::check_has_axes("unbind", x);
  return apply<Unbind>(x, normalize_axis("unbind", axis, x.dim()));
}

}  // namespace tapehead

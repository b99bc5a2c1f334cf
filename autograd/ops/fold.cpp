#include "tapehead/autograd/ops/fold.h"

#include <fmt/format.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops/views.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/unfold.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

using core::PlaneWindows;

// x [B, C, H, W] to [B, C K, L].
struct Unfold : CustomOp {
  static constexpr const char* kName = "unfold";
  PlaneWindows windows;
  Tensor forward(const Tensor& x, const PlaneWindows& w) {
    windows = w;
    const Tensor y = core::empty(
        {x.size(0), x.size(1) * w[0].kernel * w[1].kernel, w[0].result * w[1].result}, x.dtype());
    core::unfold(x.size(0) * x.size(1), w, core::contiguous(x), y);
    return y;
  }
  Tensor backward(const Tensor& dy) const;
};

struct Fold : CustomOp {
  static constexpr const char* kName = "fold";
  PlaneWindows windows;
  Tensor forward(const Tensor& x, const PlaneWindows& w) {
    windows = w;
    const int64_t channels = x.size(1) / (w[0].kernel * w[1].kernel);
    const Tensor y = core::empty({x.size(0), channels, w[0].size, w[1].size}, x.dtype());
    core::fold(x.size(0) * channels, w, core::contiguous(x), y);
    return y;
  }
  Tensor backward(const Tensor& dy) const { return apply<Unfold>(dy, windows); }
};

Tensor Unfold::backward(const Tensor& dy) const { return apply<Fold>(dy, windows); }

// The windows of an image [H, W] = sizes.
template <class Options>
PlaneWindows windows_of(const char* op, const ExpandingArray<2>& sizes,
                        const ExpandingArray<2>& kernel, const Options& o) {
  PlaneWindows windows;
  const auto check = [op](const char* what, int64_t value, int64_t least) {
    if (value < least)
      throw ValueError(fmt::format("{}: {} = {} is less than {}", op, what, value, least));
  };
  for (int i = 0; i < 2; ++i) {
    check("kernel_size", kernel[i], 1);
    check("dilation", o.dilation[i], 1);
    check("padding", o.padding[i], 0);
    check("stride", o.stride[i], 1);
    const int64_t span = (kernel[i] - 1) * o.dilation[i] + 1;
    const int64_t room = sizes[i] + 2 * o.padding[i] - span;
    if (sizes[i] < 1 || room < 0)
      throw ShapeError(
          fmt::format("{}: the {} = {}, with {} of padding, is less than the {} "
                      "positions that the kernel spans",
                      op, i == 0 ? "height" : "width", sizes[i], 2 * o.padding[i], span));
    windows[static_cast<size_t>(i)] = {sizes[i],     kernel[i],     o.stride[i],
                                       o.padding[i], o.dilation[i], room / o.stride[i] + 1};
  }
  return windows;
}

// Applies Op to x, to which it adds the axis of the batch if it lacks it.
template <class Op>
Tensor apply_batched(const Tensor& x, int axes, const PlaneWindows& windows) {
  const Tensor wide = x.to(wide_type(x.dtype()));
  if (x.dim() == axes) return apply<Op>(wide, windows).to(x.dtype());
  return squeeze(apply<Op>(unsqueeze(wide, 0), windows), 0).to(x.dtype());
}

}  // namespace

Tensor unfold(const Tensor& x, const ExpandingArray<2>& kernel_size,
              const UnfoldFuncOptions& options) {
  core::check_floating("unfold", x);
  if (x.dim() != 3 && x.dim() != 4)
    throw ShapeError(
        fmt::format("unfold: x is {}; expected [B, C, H, W] or [C, H, W]", x.shape().str()));
  return apply_batched<Unfold>(
      x, 4, windows_of("unfold", {x.size(-2), x.size(-1)}, kernel_size, options));
}

Tensor fold(const Tensor& x, const ExpandingArray<2>& output_size,
            const ExpandingArray<2>& kernel_size, const FoldFuncOptions& options) {
  core::check_floating("fold", x);
  if (x.dim() != 2 && x.dim() != 3)
    throw ShapeError(
        fmt::format("fold: x is {}; expected [B, C K, L] or [C K, L]", x.shape().str()));
  const PlaneWindows windows = windows_of("fold", output_size, kernel_size, options);
  const int64_t taps = kernel_size[0] * kernel_size[1];
  const int64_t count = windows[0].result * windows[1].result;
  if (x.size(-2) % taps != 0 || x.size(-1) != count)
    throw ShapeError(fmt::format(
        "fold: x is {}; size(-2) must be a multiple of the {} elements of a window, and size(-1) "
        "the number of windows, {} x {} = {}",
        x.shape().str(), taps, windows[0].result, windows[1].result, count));
  return apply_batched<Fold>(x, 3, windows);
}

}  // namespace tapehead

// pad() with other elements of the tensor.
#include <fmt/format.h>

#include <algorithm>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/sum_taps.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/pad.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

// The index of the element that stands at a position outside of 0..size-1.
int64_t padding_source(PadMode mode, int64_t position, int64_t size) {
  if (mode == PadMode::replicate) return std::clamp<int64_t>(position, 0, size - 1);
  if (mode == PadMode::circular) return (position % size + size) % size;
  return position < 0 ? -position : std::min(position, 2 * (size - 1) - position);
}

void check_padding(PadMode mode, const Tensor& x, int axis, int64_t before, int64_t after) {
  const int64_t size = x.shape()[axis], widest = std::max(before, after);
  const int64_t most = mode == PadMode::reflect    ? size - 1
                       : mode == PadMode::circular ? size
                                                   : widest;
  if (size == 0 || widest > most)
    throw ShapeError(fmt::format("pad: widths {} and {} exceed what size({}) = {} has to {}",
                                 before, after, axis, size,
                                 mode == PadMode::reflect    ? "reflect"
                                 : mode == PadMode::circular ? "repeat"
                                                             : "replicate"));
  if (size + before + after < 0)
    throw ShapeError(fmt::format("pad: widths {} and {} crop more than size({}) = {}", before,
                                 after, axis, size));
}

// The gradient sums that of all copies of an element.
struct PadAxes : CustomOp {
  static constexpr const char* kName = "pad";
  static constexpr Batching kBatching = Batching::adjusted;
  Shape sizes;
  std::vector<core::PaddedAxis> axes;
  static bool batch(const Batch&, Tensor&, std::vector<core::PaddedAxis>& padded) {
    for (core::PaddedAxis& a : padded) ++a.axis;
    return true;
  }
  Tensor forward(const Tensor& x, const std::vector<core::PaddedAxis>& padded) {
    sizes = x.shape(), axes = padded;
    return core::pad_axes(x, axes);
  }
  Tensor backward(const Tensor& dy) const {
    std::vector<core::AxisTaps> taps;
    for (const core::PaddedAxis& a : axes) {
      core::AxisTaps of_copies{a.axis, sizes[a.axis]};
      for (const int64_t source : a.source) of_copies.add(source, 1), of_copies.end();
      taps.push_back(of_copies.transposed());
    }
    return detail::sum_taps(dy, std::move(taps));
  }
};

}  // namespace

Tensor pad(const Tensor& x, const std::vector<int64_t>& widths, const PadFuncOptions& options) {
  if (options.mode == PadMode::constant) return pad(x, widths, options.value);
  if (widths.size() % 2 != 0 || static_cast<int64_t>(widths.size()) > 2 * x.dim())
    throw ShapeError(fmt::format(
        "pad: {} widths for {}; pass two (before, after) for each axis, from the last on",
        widths.size(), core::describe(x)));
  std::vector<core::PaddedAxis> axes;
  for (size_t i = widths.size(); i >= 2; i -= 2) {
    const int axis = x.dim() - static_cast<int>(i / 2);
    const int64_t before = widths[i - 2], after = widths[i - 1], size = x.shape()[axis];
    check_padding(options.mode, x, axis, before, after);
    if (before == 0 && after == 0) continue;
    core::PaddedAxis padded{axis, before, {}};
    for (int64_t k = 0; k < size + before + after; ++k)
      padded.source.push_back(padding_source(options.mode, k - before, size));
    axes.push_back(std::move(padded));
  }
  return axes.empty() ? x.clone() : apply<PadAxes>(x, axes);
}

}  // namespace tapehead

// pad() with other elements of the tensor.
#include <fmt/format.h>

#include <algorithm>

#include "tapehead/autograd/ops.h"
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

}  // namespace

Tensor pad(const Tensor& x, const std::vector<int64_t>& widths, const PadFuncOptions& options) {
  if (options.mode == PadMode::constant) return pad(x, widths, options.value);
  if (widths.size() % 2 != 0 || static_cast<int64_t>(widths.size()) > 2 * x.dim())
    throw ShapeError(fmt::format(
        "pad: {} widths for {}; pass two (before, after) for each axis, from the last on",
        widths.size(), core::describe(x)));
  Tensor y = x;
  for (size_t i = 0; i + 1 < widths.size(); i += 2) {
    const int axis = x.dim() - 1 - static_cast<int>(i / 2);
    const int64_t before = widths[i], after = widths[i + 1], size = x.shape()[axis];
    check_padding(options.mode, x, axis, before, after);
    if (before == 0 && after == 0) continue;
    const Tensor indices = core::empty({size + before + after}, i64);
    for (int64_t k = 0; k < indices.numel(); ++k)
      indices.data<int64_t>()[k] = padding_source(options.mode, k - before, size);
    y = index_select(y, axis, indices);
  }
  return y.is_same(x) ? x.clone() : y;
}

}  // namespace tapehead

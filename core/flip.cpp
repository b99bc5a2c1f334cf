#include <algorithm>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/kernels/index.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

constexpr int64_t kFlipGrain = 1 << 15;  // elements that justify a thread

// Copies the rows of a view to `out`, each in reverse.
void reverse_rows(const Tensor& view, const Tensor& out) {
  const int64_t columns = view.shape().back(), item = size_of(view.dtype());
  const auto reverse = kernels::index().reverse[static_cast<int>(view.dtype())];
  const int last = view.dim() - 1;
  const int64_t grain = std::max<int64_t>(1, kFlipGrain / columns);
  parallel_range(view.numel() / columns, grain, [&](int64_t begin, int64_t end) {
    Shape position = Shape::filled(last, 0);
    const char* row = view.raw();
    int64_t rest = begin;
    for (int i = last - 1; i >= 0; --i) {
      position[i] = rest % view.shape()[i];
      rest /= view.shape()[i];
      row += position[i] * view.strides()[i] * item;
    }
    for (int64_t at = begin; at < end; ++at) {
      reverse(out.raw() + at * columns * item, row, columns);
      for (int i = last - 1; i >= 0; --i) {
        row += view.strides()[i] * item;
        if (++position[i] < view.shape()[i]) break;
        row -= view.strides()[i] * view.shape()[i] * item;
        position[i] = 0;
      }
    }
  });
}

}  // namespace

Tensor flip(const Tensor& x, const Shape& axes) {
  Tensor out = empty_like(x);
  if (x.numel() == 0) return out;
  const int last = x.dim() - 1;
  const bool rows = std::find(axes.begin(), axes.end(), last) != axes.end() &&
                    x.strides()[last] == 1 && x.shape()[last] > 1;
  Shape strides = x.strides();
  int64_t offset = x.impl()->offset;
  for (const int64_t axis : axes) {
    const int i = static_cast<int>(axis);
    if (rows && i == last) continue;
    offset += (x.shape()[i] - 1) * strides[i];
    strides[i] = -strides[i];
  }
  const Tensor view = view_of(x, x.shape(), strides, offset);
  rows ? reverse_rows(view, out) : copy_into(out, view);
  return out;
}

}  // namespace tapehead::core

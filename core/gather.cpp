// Elements selected by one index each: gather and scatter.
#include <algorithm>
#include <cstring>
#include <memory>

#include "tapehead/core/detail/ceil_div.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/index.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/kernels/index.h"
#include "tapehead/core/kernels/loop.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

constexpr int64_t kGatherGrain = 1 << 14;  // elements that justify a thread
using GatherKernel = void (*)(const kernels::Gathered&);

// A walk over the elements of x and y that belong to the indices. A slab spans the indexed axis and
// the column axis; it is cut into strips of columns, which touch disjoint elements of x.
class GatherWalk {
 public:
  GatherWalk(GatherKernel kernel, bool writes_x, const Tensor& x, int axis, const Tensor& indices,
             const Tensor& y)
      : kernel_(kernel), writes_x_(writes_x), x_(x), y_(y), indices_(indices), axis_(axis) {
    const Shape& shape = indices.shape();
    const int last = shape.rank() - 1;
    length_ = shape.rank() == 0 ? 1 : shape[axis];
    // Few positions along the last axis: the axis before it has longer rows.
    if (axis != last) column_ = last;
    else if (length_ < kShort && last > 0) column_ = last - 1;
    columns_ = column_ < 0 ? 1 : shape[column_];
    axis_size_ = x.dim() == 0 ? 1 : x.shape()[axis];
    item_ = size_of(x.dtype());
    const int64_t step = stride(x, axis);
    packs_ = column_ == last && last >= 0 && column_ >= 0 && stride(x, column_) == 1 &&
             step >= kPage / item_ && columns_ >= kLine && axis_size_ <= 4 * length_ &&
             axis_size_ * kLine * item_ <= kPacked;
    const int64_t wanted =
        packs_ ? kPacked / (axis_size_ * item_) / kLine * kLine : kGatherGrain / length_;
    width_ = std::clamp<int64_t>(wanted, kLine, std::max<int64_t>(columns_, kLine));
    if (packs_ && num_threads() > 1) width_ = std::min<int64_t>(width_, 4 * kLine);
    strips_ = ceil_div(columns_, width_);
  }

  void run() {
    const int64_t slabs = indices_.numel() / (length_ * columns_);
    const int64_t grain =
        std::max<int64_t>(1, kGatherGrain / (length_ * std::min(width_, columns_)));
    parallel_range(slabs * strips_, grain, [&](int64_t begin, int64_t end) {
      std::unique_ptr<char[]> buffer;
      if (packs_) buffer.reset(new char[static_cast<size_t>(axis_size_ * width_ * item_)]);
      for (int64_t task = begin; task < end; ++task) work(task, buffer.get());
    });
  }

 private:
  static constexpr int64_t kShort = 16, kLine = 16, kPage = 1024, kPacked = 1 << 18;

  static int64_t stride(const Tensor& t, int axis) {
    return axis < 0 || t.dim() == 0 ? 0 : t.strides()[axis];
  }

  void work(int64_t task, char* buffer) const {
    int64_t at_x = 0, at_y = 0;
    const auto* at = indices_.data<int64_t>();
    int64_t rest = task / strips_;
    for (int i = indices_.dim() - 1; i >= 0; --i) {
      if (i == axis_ || i == column_) continue;
      const int64_t p = rest % indices_.shape()[i];
      rest /= indices_.shape()[i];
      at_x += p * x_.strides()[i], at_y += p * y_.strides()[i], at += p * indices_.strides()[i];
    }
    const int64_t begin = task % strips_ * width_, count = std::min(width_, columns_ - begin);
    kernels::Gathered g{.x = x_.raw() + (at_x + begin * stride(x_, column_)) * item_,
                        .y = y_.raw() + (at_y + begin * stride(y_, column_)) * item_,
                        .indices = at + begin * stride(indices_, column_),
                        .length = length_,
                        .columns = count,
                        .step_x = stride(x_, axis_),
                        .step_y = stride(y_, axis_),
                        .step_index = stride(indices_, axis_),
                        .column_x = stride(x_, column_),
                        .column_y = stride(y_, column_),
                        .column_index = stride(indices_, column_)};
    packs_ ? run_packed(g, buffer) : kernel_(g);
  }

  // Rows that are pages apart compete for few sets of the cache: works on a dense copy of the
  // strip.
  void run_packed(kernels::Gathered g, char* buffer) const {
    char* const strip = static_cast<char*>(g.x);
    const int64_t step = g.step_x * item_, bytes = g.columns * item_;
    const auto size = static_cast<size_t>(bytes);
    for (int64_t i = 0; i < axis_size_; ++i)
      std::memcpy(buffer + i * bytes, strip + i * step, size);
    g.x = buffer;
    g.step_x = g.columns;
    kernel_(g);
    if (!writes_x_) return;
    for (int64_t i = 0; i < axis_size_; ++i)
      std::memcpy(strip + i * step, buffer + i * bytes, size);
  }

  GatherKernel kernel_;
  bool writes_x_, packs_ = false;
  const Tensor &x_, &y_, &indices_;
  int axis_, column_ = -1;
  int64_t length_, columns_, axis_size_, item_, width_ = 1, strips_ = 1;
};

// The leading part of `x` with the indices' sizes, except along the axis.
Tensor corner(const Tensor& x, int axis, const Tensor& indices) {
  Tensor out = x;
  for (int i = 0; i < x.dim(); ++i)
    if (i != axis && x.shape()[i] != indices.shape()[i])
      out = narrow(out, i, 0, indices.shape()[i]);
  return out;
}

}  // namespace

Tensor gather(const Tensor& x, int axis, const Tensor& indices) {
  Tensor out = empty(indices.shape(), x.dtype());
  if (indices.numel() == 0) return out;
  const Tensor from = corner(x, axis, indices);
  GatherWalk(kernels::index().gather[static_cast<int>(x.dtype())], false, from, axis, indices, out)
      .run();
  return out;
}

void scatter(const Tensor& to, int axis, const Tensor& indices, const Tensor& x,
             kernels::Scatter how) {
  if (indices.numel() == 0) return;
  // bf16, too, is accumulated in f32.
  const DType type = to.dtype() == bf16 ? f32 : kernels::kernel_type(to.dtype());
  if (type != to.dtype() && how != kernels::Scatter::set) {
    const Tensor wide = cast(to, type);
    scatter(wide, axis, indices, cast(x, type), how);
    return copy_into(to, wide);
  }
  const Tensor part = corner(to, axis, indices);
  const auto kernel = kernels::index().scatter[static_cast<int>(how)][static_cast<int>(to.dtype())];
  GatherWalk(kernel, true, part, axis, indices, x).run();
}

}  // namespace tapehead::core

#include "tapehead/autograd/detail/contraction.h"

#include <algorithm>

#include "tapehead/autograd/ops.h"

namespace tapehead::detail {
namespace {

int axis_of(const Labelled& x, int64_t label) {
  return static_cast<int>(std::find(x.labels.begin(), x.labels.end(), label) - x.labels.begin());
}

// The labels of x that are in `set`, from the largest stride to the smallest: axes in the order of
// memory merge into one without a copy.
Shape by_stride(const Labelled& x, LabelSet set) {
  Shape out;
  for (const int64_t label : x.labels)
    if (set & label_bit(label)) out.push_back(label);
  std::stable_sort(out.begin(), out.end(), [&](int64_t a, int64_t b) {
    return x.tensor.strides()[axis_of(x, a)] > x.tensor.strides()[axis_of(x, b)];
  });
  return out;
}

int64_t size_of_labels(const Labelled& x, const Shape& labels) {
  int64_t n = 1;
  for (const int64_t label : labels) n *= x.tensor.shape()[axis_of(x, label)];
  return n;
}

Shape joined_labels(std::initializer_list<const Shape*> parts) {
  Shape out;
  for (const Shape* part : parts)
    for (const int64_t label : *part) out.push_back(label);
  return out;
}

// x as [batch, first, second], or [first, second] without batch labels.
Tensor as_matrices(const Labelled& x, const Shape& batch, const Shape& first, const Shape& second) {
  Shape shape{size_of_labels(x, first), size_of_labels(x, second)};
  if (!batch.empty()) shape.insert(0, size_of_labels(x, batch));
  return permuted(x, joined_labels({&batch, &first, &second})).reshape(shape);
}

// The elementwise product, with the axes of a followed by those that only b has.
Labelled multiply(const Labelled& a, const Labelled& b) {
  const LabelSet in_a = a.set(), in_b = b.set();
  Labelled out{{}, a.labels};
  Tensor x = a.tensor;
  Shape b_order, b_shape;
  for (const int64_t label : a.labels) {
    const bool shared = in_b & label_bit(label);
    if (shared) b_order.push_back(label);
    b_shape.push_back(shared ? b.tensor.shape()[axis_of(b, label)] : 1);
  }
  for (const int64_t label : b.labels) {
    if (in_a & label_bit(label)) continue;
    b_order.push_back(label);
    b_shape.push_back(b.tensor.shape()[axis_of(b, label)]);
    out.labels.push_back(label);
    x = x.unsqueeze(-1);
  }
  // Axes of size 1 never need a copy.
  out.tensor = x * permuted(b, b_order).view(b_shape);
  return out;
}

}  // namespace

Labelled sum_others(const Labelled& x, LabelSet kept) {
  Shape axes, labels;
  for (int i = 0; i < x.labels.rank(); ++i) {
    if (kept & label_bit(x.labels[i])) labels.push_back(x.labels[i]);
    else axes.push_back(i);
  }
  return axes.empty() ? x : Labelled{sum(x.tensor, axes).to(x.tensor.dtype()), labels};
}

Tensor permuted(const Labelled& x, const Shape& labels) {
  if (labels == x.labels) return x.tensor;
  Shape axes;
  for (const int64_t label : labels) axes.push_back(axis_of(x, label));
  return x.tensor.permute(axes);
}

Labelled contract(const Labelled& a, const Labelled& b, LabelSet kept) {
  const Labelled x = sum_others(a, kept | b.set()), y = sum_others(b, kept | a.set());
  const LabelSet both = x.set() & y.set();
  if (!(both & ~kept)) return multiply(x, y);
  const bool larger_x = x.tensor.numel() >= y.tensor.numel();
  const Shape batch = by_stride(larger_x ? x : y, both & kept);
  const Shape inner = by_stride(larger_x ? x : y, both & ~kept);
  const Shape left = by_stride(x, ~both), right = by_stride(y, ~both);
  const Tensor product =
      matmul(as_matrices(x, batch, left, inner), as_matrices(y, batch, inner, right));
  Labelled out{{}, joined_labels({&batch, &left, &right})};
  Shape shape;
  for (const int64_t label : out.labels) {
    const Labelled& owner = x.set() & label_bit(label) ? x : y;
    shape.push_back(owner.tensor.shape()[axis_of(owner, label)]);
  }
  out.tensor = product.reshape(shape);
  return out;
}

}  // namespace tapehead::detail

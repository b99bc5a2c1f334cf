#include "tapehead/autograd/detail/loss.h"

#include <fmt/format.h>

#include <cmath>

#include "tapehead/autograd/ops.h"
#include "tapehead/autograd/ops/pointwise_loss_kernel.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead::detail {

std::string element_name(const char* tensor, const Shape& shape, int64_t index) {
  if (shape.rank() == 0) return tensor;
  Shape at = shape;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    at[axis] = index % shape[axis];
    index /= shape[axis];
  }
  return tensor + at.str();
}

void check_same_shape(const char* op, const char* first, const Tensor& input, const char* second,
                      const Tensor& target) {
  if (input.shape() != target.shape())
    throw ShapeError(
        fmt::format("{}: {} shape {}, {} {}; they must be equal, so reshape or "
                    "expand one of them",
                    op, first, input.shape().str(), second, target.shape().str()));
}

void check_weight_broadcasts(const char* op, const Tensor& weight, const Shape& shape) {
  if (weight.defined() && broadcast_shapes(op, weight.shape(), shape) != shape)
    throw ShapeError(
        fmt::format("{}: the weight has shape {}, the input {}; the weight must "
                    "broadcast to the input",
                    op, weight.shape().str(), shape.str()));
}

void check_range(const char* op, const char* tensor, const Tensor& x, double low, double high,
                 const char* expected) {
  const Tensor values = core::contiguous(core::cast(x, wide_type(x.dtype())));
  visit_wide(values.dtype(), [&]<class T>() {
    const T* v = values.data<T>();
    const T least = static_cast<T>(low), most = static_cast<T>(high);
    if (kernels::pointwise_loss<T>().all_within(v, x.numel(), least, most)) return;
    int64_t i = 0;
    while (v[i] >= least && v[i] <= most) ++i;
    throw ValueError(fmt::format("{}: {} = {} {}", op, element_name(tensor, x.shape(), i),
                                 static_cast<double>(v[i]), expected));
  });
}

Tensor signs(const char* op, const Tensor& labels, DType dtype) {
  if (labels.requires_grad())
    throw GraphError(fmt::format(
        "{}: the target tracks gradients, but none flow to labels; pass target.detach()", op));
  const Tensor out = core::contiguous(core::cast(labels, wide_type(dtype)));
  visit_wide(out.dtype(), [&]<class T>() {
    const T* v = out.data<T>();
    if (kernels::pointwise_loss<T>().all_signs(v, out.numel())) return;
    int64_t i = 0;
    while (std::abs(v[i]) == 1) ++i;
    throw ValueError(fmt::format("{}: {} = {}; labels must be 1 or -1", op,
                                 element_name("target", labels.shape(), i),
                                 static_cast<double>(v[i])));
  });
  return out;
}

std::vector<int64_t> check_lengths_of(const char* op, const Tensor& lengths, int64_t batch,
                                      const LengthsOf& of) {
  if (!is_integral(lengths.dtype()))
    throw DTypeError(fmt::format("{}: {} are {}; lengths must be integers; convert with to(i64)",
                                 op, of.name, name(lengths.dtype())));
  if (lengths.numel() != batch || lengths.dim() > 1)
    throw ShapeError(
        fmt::format("{}: {} have shape {}; there must be one for each of the {} sequences, {}", op,
                    of.name, lengths.shape().str(), batch, of.batch_axis));
  std::vector<int64_t> list = lengths.to_vector<int64_t>();
  for (size_t b = 0; b < list.size(); ++b)
    if (list[b] < of.least || list[b] > of.most)
      throw ValueError(fmt::format("{}: {}[{}] = {} is outside {}..{}, {}", op, of.name, b, list[b],
                                   of.least, of.most, of.limit));
  return list;
}

Tensor reduced(const Tensor& losses, Reduction reduction) {
  if (reduction == Reduction::none) return losses;
  return reduction == Reduction::mean ? mean(losses) : sum(losses);
}

}  // namespace tapehead::detail

// Joining: cat, stack, repeat.
#include "tapehead/autograd/ops/join.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/elementwise_kernels.h"
#include "tapehead/core/parallel.h"

namespace tapehead {
namespace {

DType common_type(const std::vector<Tensor>& list) {
  DType dtype = list[0].dtype();
  for (const Tensor& t : list) dtype = promote(dtype, t.dtype());
  return dtype;
}

// The number of elements that are contiguous from `axis` on.
int64_t row_size(const Tensor& t, int axis) {
  int64_t size = 1;
  for (int i = axis; i < t.dim(); ++i) size *= t.shape()[i];
  return size;
}

// Joins contiguous operands of the result's dtype row by row, so that the result is written from
// its beginning to its end.
void join_rows(const Tensor& out, const std::vector<Tensor>& list, int axis) {
  constexpr int64_t kGrain = 1 << 15;  // elements that justify a thread
  struct Part {
    char* data;
    int64_t size;
  };
  std::vector<Part> parts;
  parts.reserve(list.size());
  for (const Tensor& t : list) parts.push_back({t.raw(), row_size(t, axis)});
  const int64_t size = row_size(out, axis), item = size_of(out.dtype()), steps[] = {item, item};
  const kernels::Loop copy = kernels::cast_loop(out.dtype(), out.dtype());
  core::parallel_range(out.numel() / size, std::max<int64_t>(1, kGrain / size),
                       [&](int64_t begin, int64_t end) {
                         char* to = out.raw() + begin * size * item;
                         for (int64_t row = begin; row < end; ++row)
                           for (const Part& p : parts) {
                             char* const data[] = {to, p.data + row * p.size * item};
                             copy(data, steps, p.size, nullptr);
                             to += p.size * item;
                           }
                       });
}

// With the mapped axis of vmap() in all tensors.
bool expand_all(const Batch& batch, std::vector<Tensor>& list, int& axis) {
  for (size_t i = 0; i < list.size(); ++i) list[i] = batch.expanded(list[i], i);
  ++axis;
  return true;
}

struct Cat : CustomOp {
  static constexpr const char* kName = "cat";
  static constexpr Batching kBatching = Batching::adjusted;
  int axis;
  std::vector<int64_t> sizes;
  static bool batch(const Batch& b, std::vector<Tensor>& list, int& a) {
    return expand_all(b, list, a);
  }
  Tensor forward(const std::vector<Tensor>& list, int a) {
    axis = a;
    Shape shape = list[0].shape();
    shape[axis] = 0;
    for (const Tensor& t : list) {
      sizes.push_back(t.shape()[axis]);
      if (__builtin_add_overflow(shape[axis], sizes.back(), &shape[axis]))
        throw ShapeError(fmt::format("cat: the sum of size({}) is too large to address", axis));
    }
    Tensor out = core::empty(shape, common_type(list));
    constexpr int64_t kLong = 64;
    if (axis > 0 && std::all_of(list.begin(), list.end(), [&](const Tensor& t) {
          return t.is_contiguous() && t.dtype() == out.dtype() && row_size(t, axis) >= kLong;
        })) {
      join_rows(out, list, axis);
      return out;
    }
    int64_t start = 0;
    for (size_t i = 0; i < list.size(); ++i) {
      core::copy_into(core::narrow(out, axis, start, sizes[i]), list[i]);
      start += sizes[i];
    }
    return out;
  }
  Grads backward(const Tensor& dy) const {
    Grads grads;
    int64_t start = 0;
    for (size_t i = 0; i < sizes.size(); ++i) {
      grads.push_back(needs_grad(i) ? dy.slice(axis, start, start + sizes[i]) : Tensor());
      start += sizes[i];
    }
    return grads;
  }
};

struct Stack : CustomOp {
  static constexpr const char* kName = "stack";
  static constexpr Batching kBatching = Batching::adjusted;
  int axis;
  static bool batch(const Batch& b, std::vector<Tensor>& list, int& a) {
    return expand_all(b, list, a);
  }
  Tensor forward(const std::vector<Tensor>& list, int a) {
    axis = a;
    Shape shape = list[0].shape();
    shape.insert(axis, static_cast<int64_t>(list.size()));
    Tensor out = core::empty(shape, common_type(list));
    for (size_t i = 0; i < list.size(); ++i)
      core::copy_into(core::select(out, axis, static_cast<int64_t>(i)), list[i]);
    return out;
  }
  Grads backward(const Tensor& dy) const {
    Grads grads;
    for (size_t i = 0; i < operands.size(); ++i)
      grads.push_back(needs_grad(i) ? dy.select(axis, static_cast<int64_t>(i)) : Tensor());
    return grads;
  }
};

}  // namespace

Tensor cat(const std::vector<Tensor>& tensors, int64_t axis) {
  if (tensors.empty()) throw ValueError("cat: the list of tensors is empty; pass at least one");
  if (tensors[0].dim() == 0)
    throw ShapeError("cat: a 0-d tensor has no axis to join along; use stack()");
  const int at = normalize_axis("cat", axis, tensors[0].dim());
  for (size_t i = 1; i < tensors.size(); ++i) {
    Shape shape = tensors[i].shape();
    if (shape.rank() == tensors[0].dim()) shape[at] = tensors[0].shape()[at];
    if (shape != tensors[0].shape())
      throw ShapeError(
          fmt::format("cat: tensors[{}] is {}, tensors[0] {}; all sizes but size({}) must be equal",
                      i, core::describe(tensors[i]), core::describe(tensors[0]), at));
  }
  return apply<Cat>(tensors, at);
}

Tensor stack(const std::vector<Tensor>& tensors, int64_t axis) {
  if (tensors.empty()) throw ValueError("stack: the list of tensors is empty; pass at least one");
  for (size_t i = 1; i < tensors.size(); ++i)
    if (tensors[i].shape() != tensors[0].shape())
      throw ShapeError(
          fmt::format("stack: tensors[{}] is {}, tensors[0] {}; all shapes must be equal", i,
                      core::describe(tensors[i]), core::describe(tensors[0])));
  return apply<Stack>(tensors, normalize_axis("stack", axis, tensors[0].dim() + 1));
}

Tensor repeat(const Tensor& x, const Shape& counts) {
  if (counts.rank() < x.dim() ||
      std::any_of(counts.begin(), counts.end(), [](int64_t n) { return n < 0; }))
    throw ShapeError(
        fmt::format("repeat: counts {} do not fit {}; pass one non-negative count for each axis",
                    counts.str(), core::describe(x)));
  Tensor out = x;
  while (out.dim() < counts.rank()) out = out.unsqueeze(0);
  Shape repeated = out.shape();
  for (int i = 0; i < counts.rank(); ++i)
    if (__builtin_mul_overflow(repeated[i], counts[i], &repeated[i]))
      throw ShapeError(fmt::format("repeat: counts {} make {} too large to address", counts.str(),
                                   core::describe(x)));
  for (int i = 0; i < counts.rank(); ++i) {
    if (counts[i] == 1) continue;
    Shape blocks = out.shape(), joined = out.shape();
    blocks.insert(i, counts[i]);
    joined[i] = repeated[i];
    out = out.unsqueeze(i).expand(blocks).reshape(joined);
  }
  return out.is_same(x) ? x.clone() : out;
}

}  // namespace tapehead

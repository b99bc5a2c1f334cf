#include "tapehead/autograd/detail/views.h"

#include <fmt/format.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/mapped.h"
#include "tapehead/core/detail/reduce.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"

namespace tapehead::detail {
namespace {

// Locates a view's elements in tensors of its root's shape.
struct ViewRegion {
  Shape root_sizes, root_strides, sizes, strides;
  int64_t offset;  // from the root's first element

  ViewRegion() = default;
  ViewRegion(const TensorImpl& view, const TensorImpl& root)
      : root_sizes(root.sizes),
        root_strides(root.strides),
        sizes(view.sizes),
        strides(view.strides),
        offset(view.offset - root.offset) {}
  ViewRegion(const TensorImpl& root, const Shape& view_sizes, const Shape& view_strides,
             int64_t first)
      : root_sizes(root.sizes),
        root_strides(root.strides),
        sizes(view_sizes),
        strides(view_strides),
        offset(first) {}

  Tensor of(const Tensor& t) const {
    const Tensor x = in_root_layout(t);
    return core::view_of(x, sizes, strides, x.impl()->offset + offset);
  }
  // Zeros of the root's shape and layout.
  Tensor zeros(DType dtype) const {
    int64_t extent = root_sizes.numel() == 0 ? 0 : 1;
    for (int i = 0; i < root_sizes.rank() && extent > 0; ++i)
      extent += (root_sizes[i] - 1) * root_strides[i];
    return core::view_of(core::full({extent}, 0, dtype), root_sizes, root_strides, 0);
  }
  bool repeats(int axis) const { return strides[axis] == 0 && sizes[axis] > 1; }

 private:
  Tensor in_root_layout(const Tensor& t) const {
    if (t.strides() == root_strides) return t;
    Tensor out = zeros(t.dtype());
    core::copy_into(out, t);
    return out;
  }
};

struct PutView;

// Views the region of the root.
struct TakeView : CustomOp {
  static constexpr const char* kName = "view";
  ViewRegion region;
  Tensor forward(const Tensor& root, const ViewRegion& r) {
    region = r;
    return region.of(root);
  }
  Tensor backward(const Tensor& dy) const;
};

// Zeros except for the region, to which x is added: the gradient of TakeView. Elements of the view
// may share memory, as after expand() and in sliding windows.
struct PutView : CustomOp {
  static constexpr const char* kName = "view";
  ViewRegion region;
  Tensor forward(const Tensor& x, const ViewRegion& r) {
    region = r;
    Shape once = region.sizes;
    for (int i = 0; i < once.rank(); ++i)
      if (region.repeats(i)) once[i] = 1;
    ViewRegion written = region;
    written.sizes = once;
    Tensor out = region.zeros(x.dtype());
    const Tensor target = written.of(out), sum = core::sum_to(x, once);
    core::is_apart(once, region.strides) ? core::copy_into(target, sum)
                                         : core::add_overlapping(target, sum);
    return out;
  }
  Tensor backward(const Tensor& dy) const { return apply<TakeView>(dy, region); }
};

Tensor TakeView::backward(const Tensor& dy) const {
  const Tensor sum = grad_buffer(0);
  bool in_place = sum.defined() && sum.strides() == region.root_strides;
  for (int i = 0; i < region.sizes.rank(); ++i) in_place &= !region.repeats(i);
  if (!in_place) return apply<PutView>(dy, region);
  const Tensor target = region.of(sum);
  core::is_apart(region.sizes, region.strides) ? core::add_into(target, dy)
                                               : core::add_overlapping(target, dy);
  return {};
}

// x with zeros in the region.
struct ClearView : CustomOp {
  static constexpr const char* kName = "view";
  ViewRegion region;
  Tensor forward(const Tensor& x, const ViewRegion& r) {
    region = r;
    Tensor out = region.zeros(x.dtype());
    core::copy_into(out, x);
    core::copy_into(region.of(out), core::full({}, 0, x.dtype()));
    return out;
  }
  Tensor backward(const Tensor& dy) const { return apply<ClearView>(dy, region); }
};

bool is_only_holder(const Tensor& t) {
  const TensorImpl& impl = *t.impl();
  return impl.references.load(std::memory_order_acquire) == 1 && !impl.storage->is_shared();
}

// The root after its region was overwritten with a value.
struct SetView : CustomOp {
  static constexpr const char* kName = "view";
  ViewRegion region;
  // The elements have already been written.
  Tensor forward(const Tensor& root, const Tensor&, const ViewRegion& r) {
    region = r;
    return root;
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    std::array<Tensor, 2> out;
    const bool in_place =
        !is_grad_enabled() && is_only_holder(dy) && dy.strides() == region.root_strides;
    if (needs_grad(1)) {
      out[1] = apply<TakeView>(dy, region);
      if (in_place) out[1] = core::clone(out[1]);
    }
    if (!needs_grad(0)) return out;
    if (in_place) {
      core::copy_into(region.of(dy), core::full({}, 0, dy.dtype()));
      out[0] = dy;
    } else {
      out[0] = apply<ClearView>(dy, region);
    }
    return out;
  }
};

// Moves a changed tensor to the node of its new value.
void move_to(TensorImpl& impl, const Tensor& value) {
  Node* node = value.requires_grad() ? node_of(value) : nullptr;
  const uint32_t output = value.impl()->node_output;
  if (impl.node && node)
    move_retained_grad(static_cast<Node&>(*impl.node), impl.node_output, *node, output);
  impl.node = Ref<Node>::share(node);
  impl.node_output = output;
}

Tensor handle_of(TensorImpl* impl) { return Tensor::adopt(Ref<TensorImpl>::share(impl)); }

}  // namespace

Tensor view_memory(const Tensor& x, const Shape& sizes, const Shape& strides, int64_t offset) {
  return apply<TakeView>(x, ViewRegion(*x.impl(), sizes, strides, offset));
}

Tensor apart(const Tensor& operand, const Tensor& self) {
  const bool overlaps = operand.impl()->storage == self.impl()->storage;
  return overlaps ? no_grad([&] { return operand.clone(); }) : operand;
}

void link_views(std::span<Tensor> results, const Tensor& operand) {
  if (!operand.defined()) return;
  TensorImpl* other = operand.impl();
  for (const Tensor& result : results) {
    if (!result.defined() || result.is_same(operand)) continue;
    TensorImpl& view = *result.impl();
    if (view.storage != other->storage) continue;
    if (!is_grad_enabled() || other->has_hidden_root) {
      view.has_hidden_root = true;
    } else {
      view.root = other->root ? other->root : Ref<TensorImpl>::share(other);
      view.changes = view.root->changes;
    }
  }
}

void update_view(TensorImpl& view) {
  TensorImpl& root = *view.root;
  view.changes = root.changes;
  if (root.storage != view.storage) return;  // the root's dtype was converted
  const Tensor whole = handle_of(&root);
  const AutoGradMode on(true);
  move_to(view, apply<TakeView>(whole, ViewRegion(view, root)));
}

void check_writable(const char* op, const Tensor& t) {
  // Tensors from outside of a vectorised call would change once, not for each element.
  if (vmap_call && t.impl()->storage->number() <= vmap_call->start) [[unlikely]]
    throw_cannot_vectorize();
  if (t.impl()->storage->is_read_only())
    throw ValueError(
        fmt::format("{}: {} is over read-only memory; clone() it first", op, core::describe(t)));
  if (!t.is_contiguous() && !core::is_apart(t.shape(), t.strides()))
    throw GraphError(
        fmt::format("{}: {} is a view whose elements share memory, as after expand(); clone() it "
                    "first",
                    op, core::describe(t)));
}

Tensor copy_on_tape(const Tensor& t) {
  Tensor copy = no_grad([&] { return t.clone(); });
  if (t.requires_grad()) attach(copy, Ref<Node>::share(node_of(t)), t.impl()->node_output);
  return copy;
}

void check_recordable(const char* op, const Tensor& t) {
  if (t.requires_grad() && t.is_leaf())
    throw GraphError(
        fmt::format("{}: {} is a leaf that tracks gradients; change it inside NoGradGuard", op,
                    core::describe(t)));
  const TensorImpl& impl = *t.impl();
  if (impl.has_hidden_root)
    throw GraphError(
        fmt::format("{}: {} is a view made under NoGradGuard, whose in-place changes cannot be "
                    "recorded; make the view outside of NoGradGuard",
                    op, core::describe(t)));
  if (!impl.root) return;
  const Tensor root = handle_of(impl.root.get());
  if (root.requires_grad() && root.is_leaf())
    throw GraphError(fmt::format(
        "{}: {} is a view of {}, a leaf that tracks gradients; change it inside NoGradGuard", op,
        core::describe(t), core::describe(root)));
}

void record_change(const Tensor& t, const Tensor& value) {
  TensorImpl& impl = *t.impl();
  if (!impl.root || impl.root->storage != impl.storage) {
    move_to(impl, value);
    ++impl.changes;
    return;
  }
  const Tensor root = handle_of(impl.root.get());
  move_to(*impl.root, apply<SetView>(root, value, ViewRegion(impl, *impl.root)));
  ++impl.root->changes;
  update_view(impl);
}

}  // namespace tapehead::detail

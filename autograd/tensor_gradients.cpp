// The autograd members of Tensor: leaves, gradients and hooks.
#include <fmt/format.h>

#include <mutex>

#include "tapehead/autograd/node.h"
#include "tapehead/core/detail/mapped.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

detail::Node& tracked(const char* op, const Tensor& t) {
  if (!t.requires_grad())
    throw GraphError(fmt::format("{}: {} does not track gradients; call set_requires_grad() first",
                                 op, core::describe(t)));
  return *detail::node_of(t);
}

}  // namespace

Tensor& Tensor::set_requires_grad(bool on) {
  if (on == requires_grad()) return *this;
  detail::check_not_mapped(*this);
  if (!is_leaf())
    throw GraphError(fmt::format(
        "set_requires_grad: {} was computed from tracked tensors; use detach() to leave the tape",
        core::describe(*this)));
  if (on && (!defined() || !is_floating(dtype())))
    throw DTypeError(
        fmt::format("set_requires_grad: {} is not f32, f64, bf16 or f16; only those have gradients",
                    core::describe(*this)));
  if (on) {
    impl_->root = nullptr;
    impl_->node = impl_->paused ? std::move(impl_->paused)
                                : Ref<detail::TapeNode>::adopt(new detail::LeafNode(*this));
    impl_->paused = nullptr;
    impl_->node_output = 0;
  } else {
    impl_->paused = std::move(impl_->node);
    impl_->node = nullptr;
  }
  detail::leaf_of(*this)->paused = !on;
  return *this;
}

bool Tensor::is_leaf() const { return !requires_grad() || detail::node_of(*this)->is_leaf(); }

Tensor Tensor::grad() const {
  if (!defined()) return {};
  detail::check_not_mapped(*this);
  if (const detail::LeafNode* leaf = detail::leaf_of(*this)) {
    const std::lock_guard lock(leaf->gradients);
    return leaf->grad;
  }
  if (!requires_grad()) return {};
  const detail::Node* node = detail::node_of(*this);
  const std::lock_guard lock(node->gradients);
  if (node->retained)
    for (const auto& [output, kept] : *node->retained)
      if (output == impl_->node_output) return kept;
  return {};
}

void Tensor::set_grad(const Tensor& grad) const {
  detail::check_not_mapped(*this);
  detail::LeafNode* leaf = defined() ? detail::leaf_of(*this) : nullptr;
  if (!leaf) {
    tracked("set_grad", *this);
    throw GraphError(fmt::format("set_grad: {} is not a leaf", core::describe(*this)));
  }
  if (grad.defined() && (grad.shape() != shape() || grad.dtype() != dtype()))
    throw ShapeError(
        fmt::format("set_grad: the gradient is {}, the tensor {}; shape and type must be equal",
                    core::describe(grad), core::describe(*this)));
  const std::lock_guard lock(leaf->gradients);
  leaf->grad = grad;
}

void Tensor::retain_grad() const {
  detail::check_not_mapped(*this);
  detail::Node& node = tracked("retain_grad", *this);
  if (node.is_leaf()) return;
  const std::lock_guard lock(node.gradients);
  if (node.retained)
    for (const auto& [output, kept] : *node.retained)
      if (output == impl_->node_output) return;
  if (!node.retained) node.retained = std::make_unique<std::vector<std::pair<uint32_t, Tensor>>>();
  node.retained->emplace_back(impl_->node_output, Tensor());
}

RemovableHandle Tensor::add_hook(std::function<Tensor(const Tensor& grad)> hook) const {
  detail::check_not_mapped(*this);
  detail::Node& node = tracked("register_hook", *this);
  if (!node.hooks) node.hooks = std::make_shared<detail::HookList>();
  return {node.hooks, node.hooks->add(impl_->node_output, std::move(hook))};
}

void RemovableHandle::remove() {
  if (const auto list = list_.lock()) list->remove(id_);
  list_.reset();
}

}  // namespace tapehead

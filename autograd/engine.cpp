#include "tapehead/autograd/engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/autograd/anomaly.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/node.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace detail {
namespace {

bool earlier(const Node* a, const Node* b) { return a->sequence < b->sequence; }

// Brings a gradient to the shape and type of what it is the gradient of.
Tensor fit(Tensor g, const OutputInfo& info, const Node& from, size_t operand) {
  if (g.shape() != info.shape) {
    if (!broadcasts_to(info.shape, g.shape()))
      throw GraphError(fmt::format("backward: {} gave operand {} of shape {} a gradient of shape {}",
                                   from.op_name(), operand, info.shape.str(), g.shape().str()));
    g = sum_to(g, info.shape);
  }
  return g.to(info.dtype);
}

// Nobody else sees its elements, and each is there once.
bool is_ours(const Tensor& t) {
  return t.impl()->references == 1 && !t.impl()->storage->is_shared() && t.is_contiguous();
}

void add_to(Tensor& sum, Tensor g) {
  if (!sum.defined()) {
    sum = std::move(g);
  } else if (!grad_enabled() && is_ours(sum)) {
    sum.add_(g);
  } else {
    sum = sum + g;
  }
}

// One backward pass: a heap of nodes that gradients have reached, the latest first.
class Pass {
 public:
  explicit Pass(bool keep) : keep_(keep) {}
  ~Pass() {
    for (Node* node : heap_) forget(*node);
  }

  void add(Node* node, uint32_t output, Tensor g) { add_to(arrived_at(node, output), std::move(g)); }

  bool reached(const Tensor& leaf) const {
    return leaf.requires_grad() &&
           std::find(leaves_.begin(), leaves_.end(), node_of(leaf)) != leaves_.end();
  }

  // Wants the gradient of result `output` of `node` in `*into`; leaves are then left alone.
  void capture(Node* node, uint32_t output, Tensor* into) {
    captures_.push_back({node, output, into});
    oldest_ = std::min(oldest_, node->sequence);
  }

  void run() {
    while (!heap_.empty()) {
      std::pop_heap(heap_.begin(), heap_.end(), earlier);
      Node* node = heap_.back();
      if (!captures_.empty() && node->sequence < oldest_) return;  // nothing asked for lies below
      heap_.pop_back();
      Grads grads;
      for (Tensor& g : node->pending) grads.push_back(std::move(g));
      forget(*node);
      visit(*node, grads);
    }
  }

 private:
  // The sum of the gradients so far, which will be visited.
  Tensor& arrived_at(Node* node, uint32_t output) {
    if (node->pending.empty()) node->pending.resize(node->outputs.size());
    if (!node->queued) {
      node->queued = true;
      heap_.push_back(node);
      std::push_heap(heap_.begin(), heap_.end(), earlier);
    }
    return node->pending[output];
  }

  // Lets the node add its gradient to what has arrived at its operand.
  void accumulate(Node& node, const Tensor& grad) {
    const Edge& edge = node.operands[0];
    Tensor& sum = arrived_at(edge.node.get(), edge.output);
    const OutputInfo& info = edge.node->outputs[edge.output];
    if (!sum.defined()) sum = core::full(info.shape, 0, info.dtype);
    else if (!is_ours(sum)) sum = sum.clone();
    node.run_accumulate(grad, sum);
  }

  struct Capture {
    Node* node;
    uint32_t output;
    Tensor* into;
  };

  void release(Node& node) const {
    if (keep_) return;
    node.release_saved();
    node.released = true;
  }

  static void forget(Node& node) {
    node.pending.clear();
    node.queued = false;
  }

  void visit(Node& node, Grads& grads) {
    run_hooks(node, grads);
    for (const Capture& c : captures_)
      if (c.node == &node) *c.into = grads[c.output];
    if (node.is_leaf()) {
      leaves_.push_back(&node);
      if (captures_.empty()) node.run_backward(grads);
      return;
    }
    if (node.released)
      throw GraphError(
          "backward: this graph was released by an earlier backward(); pass retain_graph the first time, "
          "or add the losses up");
    if (!node.takes_undefined_grads())
      for (size_t i = 0; i < grads.size(); ++i)
        if (!grads[i].defined())
          grads[i] = core::full(node.outputs[i].shape, 0, node.outputs[i].dtype);
    if (node.accumulates() && node.operands[0].node && !grad_enabled() && !anomaly_mode) {
      accumulate(node, grads[0]);
      return release(node);
    }
    Grads out = node.run_backward(grads);
    if (anomaly_mode) [[unlikely]] watch_backward(node, {out.data(), out.size()});
    release(node);
    pass_on(node, out);
  }

  void pass_on(Node& node, Grads& out) {
    if (out.size() != node.operands.size())
      throw GraphError(fmt::format("backward: {} has {} tensor operands but its backward gave {} gradients",
                                   node.op_name(), node.operands.size(), out.size()));
    for (size_t i = 0; i < out.size(); ++i) {
      const Edge& edge = node.operands[i];
      if (!edge.node || !out[i].defined()) continue;
      add(edge.node.get(), edge.output,
          fit(std::move(out[i]), edge.node->outputs[edge.output], node, i));
    }
  }

  static void run_hooks(Node& node, Grads& grads) {
    if (node.hooks)
      for (const auto& hook : *node.hooks)
        if (grads[hook.output].defined())
          if (Tensor changed = hook.call(grads[hook.output]); changed.defined())
            grads[hook.output] = std::move(changed);
    if (node.retained)
      for (auto& [output, kept] : *node.retained)
        if (grads[output].defined()) kept = kept.defined() ? kept + grads[output] : grads[output];
  }

  bool keep_;
  uint64_t oldest_ = UINT64_MAX;
  std::vector<Node*> heap_;
  std::vector<const Node*> leaves_;  // those that a gradient reached
  std::vector<Capture> captures_;
};

void start(Pass& pass, const Tensor& root, Tensor gradient, const char* op) {
  if (!root.requires_grad())
    throw GraphError(fmt::format(
        "{}: {} was not computed from a tensor that tracks gradients; call set_requires_grad() on a leaf "
        "before, and compute outside of NoGrad",
        op, core::describe(root)));
  if (!gradient.defined()) {
    if (root.numel() != 1)
      throw GraphError(fmt::format(
          "{}: the tensor has shape {}, not one element; reduce it with sum() or mean(), or pass a gradient",
          op, root.shape().str()));
    gradient = core::full(root.shape(), 1, root.dtype());
  } else if (gradient.shape() != root.shape()) {
    throw ShapeError(fmt::format("{}: the gradient has shape {}, the tensor {}; they must be equal", op,
                                 gradient.shape().str(), root.shape().str()));
  }
  pass.add(node_of(root), root.impl()->node_output, gradient.to(root.dtype()));
}

}  // namespace
}  // namespace detail

void Tensor::backward() const { backward(BackwardOptions{}); }

void Tensor::backward(const BackwardOptions& options) const {
  const GradMode mode(options.create_graph);
  detail::Pass pass(options.retain_graph || options.create_graph);
  detail::start(pass, *this, options.gradient, "backward");
  pass.run();
  std::string missed;
  for (const Tensor& leaf : options.must_reach)
    if (!pass.reached(leaf)) missed += (missed.empty() ? "" : ", ") + core::describe(leaf);
  if (!missed.empty())
    throw GraphError(fmt::format(
        "backward: no gradient reached {}; use it in the loss, freeze it, or do not ask for must_reach",
        missed));
}

std::vector<Tensor> grad(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
                         const GradOptions& options) {
  const GradMode mode(options.create_graph);
  std::vector<Tensor> found(inputs.size());
  detail::Pass pass(options.retain_graph || options.create_graph);
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].requires_grad())
      throw GraphError(fmt::format("grad: input {} ({}) does not track gradients; call "
                                   "set_requires_grad() before it is used",
                                   i, core::describe(inputs[i])));
    pass.capture(detail::node_of(inputs[i]), inputs[i].impl()->node_output, &found[i]);
  }
  for (size_t i = 0; i < outputs.size(); ++i)
    detail::start(pass, outputs[i], i < options.gradients.size() ? options.gradients[i] : Tensor(), "grad");
  pass.run();
  for (size_t i = 0; i < inputs.size(); ++i)
    if (!found[i].defined() && !options.allow_unused)
      throw GraphError(fmt::format("grad: the outputs do not depend on input {} ({}); pass allow_unused to "
                                   "get an undefined tensor for it",
                                   i, core::describe(inputs[i])));
  return found;
}

}  // namespace tapehead

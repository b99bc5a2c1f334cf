#include "tapehead/autograd/detail/pass.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/autograd/anomaly.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/error.h"

namespace tapehead::detail {
namespace {

bool earlier(const Node* a, const Node* b) { return a->sequence < b->sequence; }

// Brings a gradient to the shape and type of what it is the gradient of.
Tensor fit(Tensor g, const OutputInfo& info, const Node& from, size_t operand) {
  if (g.shape() != info.shape) {
    if (!broadcasts_to(info.shape, g.shape()))
      throw GraphError(
          fmt::format("backward: {} gave operand {} of shape {} a gradient of shape {}; it must "
                      "have that shape, or one that it broadcasts to",
                      from.op_name(), operand, info.shape.str(), g.shape().str()));
    g = sum_to(g, info.shape);
  }
  return g.to(info.dtype);
}

void run_hooks(Node& node, Grads& grads) {
  if (node.hooks) {
    for (size_t i = 0; i < node.hooks->size(); ++i) {
      const Node::HookOf hook = (*node.hooks)[i];  // a copy: it may register others
      Tensor& g = grads[hook.output];
      if (!g.defined()) continue;
      Tensor changed = hook.call(g);
      if (!changed.defined()) continue;
      const OutputInfo& info = node.outputs[hook.output];
      if (changed.shape() != info.shape)
        throw ShapeError(
            fmt::format("backward: a hook on a tensor of shape {} gave a gradient of shape {}; "
                        "they must be equal",
                        info.shape.str(), changed.shape().str()));
      g = changed.to(info.dtype);
    }
  }
  if (node.retained)
    for (auto& [output, kept] : *node.retained)
      if (grads[output].defined()) kept = kept.defined() ? kept + grads[output] : grads[output];
}

// While a node's backward runs.
struct Visit {
  Visit(Node& n, Pass* visitor) : node(n), before(std::exchange(n.visitor, visitor)) {}
  Visit(const Visit&) = delete;
  ~Visit() { node.visitor = before; }
  Node& node;
  Pass* before;
};

}  // namespace

Arrivals* Pass::add_in_place(const Node& node, size_t operand) {
  const Edge& edge = node.operands[operand];
  return node.visitor && edge.node ? &node.visitor->arrived_at(edge.node.get(), edge.output)
                                   : nullptr;
}

Pass::~Pass() {
  for (Node* node : heap_) {
    node->pending.clear();
    node->pass = nullptr;
  }
  for (Borrowed& b : borrowed_) {
    b.node->pending = std::move(b.pending);
    b.node->pass = b.owner;
  }
}

void Pass::capture(const Tensor& t, Tensor* into) {
  captures_.push_back({node_of(t), t.impl()->node_output, into});
}

void Pass::start(const Tensor& root, Tensor gradient, const char* op) {
  if (!root.requires_grad())
    throw GraphError(fmt::format(
        "{}: {} was not computed from a tensor that tracks gradients; call set_requires_grad() on "
        "a leaf before, and compute outside of NoGrad",
        op, core::describe(root)));
  if (!gradient.defined()) {
    if (root.numel() != 1)
      throw GraphError(
          fmt::format("{}: the tensor has shape {}, not one element; reduce it with sum() or "
                      "mean(), or pass a gradient",
                      op, root.shape().str()));
    gradient = core::full(root.shape(), 1, root.dtype());
  } else if (gradient.shape() != root.shape()) {
    throw ShapeError(fmt::format("{}: the gradient has shape {}, the tensor {}; they must be equal",
                                 op, gradient.shape().str(), root.shape().str()));
  }
  if (anomaly_mode) [[unlikely]]
    watch_start(op, gradient);
  roots_.push_back(Ref<Node>::share(node_of(root)));
  arrived_at(node_of(root), root.impl()->node_output).add(gradient.to(root.dtype()));
}

bool Pass::reached(const Tensor& leaf) const {
  return leaf.requires_grad() &&
         std::find(leaves_.begin(), leaves_.end(), node_of(leaf)) != leaves_.end();
}

// Collects what lies between the roots and the captured nodes; then, the earliest first, keeps
// what leads to one. Operands come before what is computed from them.
void Pass::find_wanted() {
  uint64_t oldest = UINT64_MAX;
  for (const Capture& c : captures_) {
    oldest = std::min(oldest, c.node->sequence);
    wanted_.insert(c.node);
  }
  std::unordered_set<const Node*> seen;
  std::vector<const Node*> found;
  const auto reach = [&](const Node* node) {
    if (node && node->sequence >= oldest && seen.insert(node).second) found.push_back(node);
  };
  for (const Ref<Node>& root : roots_) reach(root.get());
  for (size_t next = 0; next < found.size(); ++next)
    for (const Edge& edge : found[next]->operands) reach(edge.node.get());
  std::sort(found.begin(), found.end(), earlier);
  for (const Node* node : found)
    for (const Edge& edge : node->operands)
      if (wanted_.contains(edge.node.get())) wanted_.insert(node);
}

bool Pass::wanted(const Node* node) const { return captures_.empty() || wanted_.contains(node); }

Arrivals& Pass::arrived_at(Node* node, uint32_t output) {
  if (node->pass != this) {
    if (node->pass) borrowed_.push_back({node, node->pass, std::move(node->pending)});
    node->pass = this;
    node->pending.clear();
    node->pending.resize(node->outputs.size());
    heap_.push_back(node);
    std::push_heap(heap_.begin(), heap_.end(), earlier);
  }
  return node->pending[output];
}

void Pass::run() {
  if (!captures_.empty()) find_wanted();
  while (!heap_.empty()) {
    std::pop_heap(heap_.begin(), heap_.end(), earlier);
    Node* node = heap_.back();
    heap_.pop_back();
    Grads grads;
    for (Arrivals& arrivals : node->pending) grads.push_back(arrivals.take());
    node->pending.clear();
    node->pass = nullptr;
    if (wanted(node)) visit(*node, grads);
  }
}

void Pass::visit(Node& node, Grads& grads) {
  if (node.is_leaf() && !static_cast<LeafNode&>(node).takes_grad()) return;
  bool captured = false, leads_on = captures_.empty();
  for (const Capture& c : captures_) captured |= c.node == &node;
  if (!captured || !stops_) run_hooks(node, grads);
  for (const Capture& c : captures_)
    if (c.node == &node) *c.into = grads[c.output];
  if (node.is_leaf()) {
    leaves_.push_back(&node);
    if (captures_.empty()) node.run_backward(grads);
    return;
  }
  if (captured && stops_) return;
  for (size_t i = 0; !leads_on && i < node.operands.size(); ++i)
    leads_on = node.operands[i].node && wanted(node.operands[i].node.get());
  if (!leads_on) return;
  if (node.released)
    throw GraphError(
        "backward: this graph was released by an earlier backward(); pass retain_graph the first "
        "time, or add the losses up");
  if (!node.takes_undefined_grads())
    for (size_t i = 0; i < grads.size(); ++i)
      if (!grads[i].defined())
        grads[i] = core::full(node.outputs[i].shape, 0, node.outputs[i].dtype);
  Grads out = differentiate(node, grads);
  release(node);
  pass_on(node, out);
}

void Pass::release(Node& node) const {
  if (keep_) return;
  node.release_saved();
  node.released = true;
}

Grads Pass::differentiate(Node& node, Grads& grads) {
  node.unwanted = 0;
  for (size_t i = 0; !captures_.empty() && i < std::min<size_t>(node.operands.size(), 64); ++i)
    if (node.operands[i].node && !wanted(node.operands[i].node.get()))
      node.unwanted |= uint64_t{1} << i;
  Grads out;
  {
    const Blame blame(&node);
    const Visit visit(node, !grad_enabled() && !anomaly_mode ? this : nullptr);
    out = node.run_backward(grads);
  }
  if (anomaly_mode) [[unlikely]]
    watch_backward(node, {out.data(), out.size()});
  if (out.size() != node.operands.size())
    throw GraphError(fmt::format(
        "backward: {} has {} tensor operands but its backward gave {} gradients; give one for "
        "each, in order",
        node.op_name(), node.operands.size(), out.size()));
  return out;
}

void Pass::pass_on(Node& node, Grads& out) {
  for (size_t i = 0; i < out.size(); ++i) {
    const Edge& edge = node.operands[i];
    if (!edge.node || !out[i].defined() || !wanted(edge.node.get())) continue;
    Tensor g = fit(std::move(out[i]), edge.node->outputs[edge.output], node, i);
    arrived_at(edge.node.get(), edge.output).add(std::move(g));
  }
}

}  // namespace tapehead::detail

#include "tapehead/autograd/detail/graph_task.h"
#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/detail/recording.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>

#include "tapehead/autograd/anomaly.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/address_space.h"
#include "tapehead/core/detail/mapped.h"
#include "tapehead/core/error.h"

namespace tapehead::detail {
namespace {

bool earlier(const Node* a, const Node* b) { return a->sequence < b->sequence; }

// Sums and converts a gradient to the shape and dtype of its tensor.
Tensor fit(Tensor g, const OutputInfo& info, const Node& from, size_t operand) {
  if (g.shape() != info.shape) {
    if (!broadcasts_to(info.shape, g.shape()))
      throw GraphError(
          fmt::format("backward: {} gave operand {} of shape {} a gradient of shape {}; it must "
                      "have that shape, or one that it broadcasts to",
                      from.op_name(), operand, info.shape.str(), g.shape().str()));
    g = sum_to(g, info.shape);
  }
  if (g.dtype() == f32 && info.dtype == bf16 && from.operands[operand].node->keeps_wider_grads())
    return g;
  return g.to(info.dtype);
}

void run_hooks(Node& node, Grads& grads) {
  if (node.hooks) {
    for (auto hook = node.hooks->after(0); hook; hook = node.hooks->after(hook->id)) {
      Tensor& g = grads[hook->output];
      if (!g.defined()) continue;
      Tensor changed = (*hook->call)(g);
      if (!changed.defined()) continue;
      const OutputInfo& info = node.outputs[hook->output];
      if (changed.shape() != info.shape)
        throw ShapeError(
            fmt::format("backward: a hook on a tensor of shape {} returned a gradient of shape {}; "
                        "they must be equal",
                        info.shape.str(), changed.shape().str()));
      g = changed.to(info.dtype);
    }
  }
  if (node.retained) {
    const std::lock_guard lock(node.gradients);
    for (auto& [output, kept] : *node.retained)
      if (grads[output].defined()) kept = kept.defined() ? kept + grads[output] : grads[output];
  }
}

// Locks a node while its backward runs, so that threads take turns. A backward may run its own node
// again in a nested pass, after which the outer one still needs what was saved.
class Running {
 public:
  Running(Node& node, GraphTask* pass, uint64_t unwanted)
      : node_(node), visit_{&node, pass, unwanted, current_visit}, outermost_(lock()) {
    current_visit = &visit_;
  }
  ~Running() {
    current_visit = visit_.around;
    if (outermost_) node_.running.unlock();
  }
  Running(const Running&) = delete;

  /// Releases what the node saved once the outermost run is done.
  void release() {
    node_.released.store(true, std::memory_order_release);
    if (outermost_) node_.release_saved();
  }

 private:
  bool lock() {
    if (node_.running.try_lock()) return true;
    for (const Visit* v = current_visit; v; v = v->around)
      if (v->node == &node_) return false;
    node_.running.lock();
    return true;
  }

  Node& node_;
  Visit visit_;
  bool outermost_;
};

// Nested backward passes of this thread.
struct Nesting {
  int depth = 0;
  const char* start = nullptr;  // stack address at the outermost pass
};
thread_local Nesting nesting;

// Limits nested passes to half of the stack.
class Deeper {
 public:
  Deeper() {
    static const auto limit = static_cast<ptrdiff_t>(core::stack_size() / 2);
    const auto* here = static_cast<const char*>(__builtin_frame_address(0));
    if (nesting.depth == 0) nesting.start = here;
    if (std::abs(nesting.start - here) > limit)
      throw GraphError(
          fmt::format("backward: {} nested backward passes, each started by a hook, an op's "
                      "backward or a checkpoint, use half of the stack; run the inner ones after "
                      "the outer one, or nest fewer checkpoints",
                      nesting.depth));
    ++nesting.depth;
  }
  ~Deeper() { --nesting.depth; }
  Deeper(const Deeper&) = delete;
};

}  // namespace

InputBuffer* GraphTask::add_in_place(const Node& node, size_t operand) {
  const Visit* visit = current_visit;
  const Edge& edge = node.operands[operand];
  if (!visit || visit->node != &node || !visit->pass || !edge.node) return nullptr;
  return &visit->pass->frontier_.at(edge.node.get(), edge.output);
}

void GraphTask::capture(const Tensor& t, Tensor* into) {
  check_not_mapped(t);
  captures_.push_back({node_of(t), t.impl()->node_output, into});
}

void GraphTask::start(const Tensor& root, Tensor gradient, const char* op) {
  check_not_mapped(root);
  if (!root.requires_grad())
    throw GraphError(fmt::format(
        "{}: {} was not computed from a tensor that tracks gradients; call set_requires_grad() on "
        "a leaf before, and compute outside of NoGradGuard",
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
  frontier_.at(node_of(root), root.impl()->node_output).add(gradient.to(root.dtype()));
}

bool GraphTask::reached(const Tensor& leaf) const {
  return leaf.requires_grad() &&
         std::find(leaves_.begin(), leaves_.end(), node_of(leaf)) != leaves_.end();
}

// Collects the nodes between the roots and the captured nodes, then keeps, in order of creation,
// those that lead to a captured node. Operands are created before what is computed from them.
void GraphTask::find_wanted() {
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

bool GraphTask::wanted(const Node* node) const {
  return captures_.empty() || wanted_.contains(node);
}

uint64_t GraphTask::unwanted(const Node& node) const {
  uint64_t bits = 0;
  for (size_t i = 0; !captures_.empty() && i < std::min<size_t>(node.operands.size(), 64); ++i)
    if (node.operands[i].node && !wanted(node.operands[i].node.get())) bits |= uint64_t{1} << i;
  return bits;
}

void GraphTask::run() {
  const Deeper deeper;
  const AutocastMode off(bf16, false);
  if (!captures_.empty()) find_wanted();
  while (!frontier_.empty()) {
    Grads grads;
    Node* node = frontier_.pop(grads);
    if (wanted(node)) visit(*node, grads);
  }
}

void GraphTask::visit(Node& node, Grads& grads) {
  if (node.is_leaf() && !static_cast<LeafNode&>(node).takes_grad()) return;
  if (node.in_recording.mark) note_visit(node);
  bool captured = false, leads_on = captures_.empty(), accumulates = captures_.empty();
  for (const Capture& c : captures_) captured |= c.node == &node;
  if (!captured || !stops_) run_hooks(node, grads);
  for (const Capture& c : captures_) {
    if (c.node != &node) continue;
    const Tensor& g = grads[c.output];
    if (c.into) *c.into = g.defined() ? g.to(node.outputs[c.output].dtype) : g;
    else accumulates = true;
  }
  if (node.is_leaf()) {
    if (notes_leaves_) leaves_.push_back(&node);
    if (accumulates) node.run_backward(grads);
    return;
  }
  if (captured && stops_) return;
  for (size_t i = 0; !leads_on && i < node.operands.size(); ++i)
    leads_on = node.operands[i].node && wanted(node.operands[i].node.get());
  if (!leads_on) return;
  Grads out = differentiate(node, grads);
  pass_on(node, out);
}

Grads GraphTask::differentiate(Node& node, Grads& grads) {
  Running running(node, !is_grad_enabled() && !anomaly_mode ? this : nullptr, unwanted(node));
  if (node.released.load(std::memory_order_relaxed))
    throw GraphError(
        "backward: this graph was released by an earlier backward(); pass retain_graph the first "
        "time, or add the losses up");
  if (!node.takes_undefined_grads())
    for (size_t i = 0; i < grads.size(); ++i)
      if (!grads[i].defined())
        grads[i] = core::full(node.outputs[i].shape, 0, node.outputs[i].dtype);
  Grads out;
  {
    const Blame blame(&node);
    out = node.run_backward(grads);
  }
  if (anomaly_mode) [[unlikely]]
    watch_backward(node, {out.data(), out.size()});
  if (out.size() != node.operands.size())
    throw GraphError(
        fmt::format("backward: {} has {} tensor operands but its backward returned {} gradients; "
                    "return one for each, in order",
                    node.op_name(), node.operands.size(), out.size()));
  if (!keep_ || node.released.load(std::memory_order_relaxed)) running.release();
  return out;
}

void GraphTask::pass_on(Node& node, Grads& out) {
  for (size_t i = 0; i < out.size(); ++i) {
    const Edge& edge = node.operands[i];
    if (!edge.node || !out[i].defined() || !wanted(edge.node.get())) continue;
    Tensor g = fit(std::move(out[i]), edge.node->outputs[edge.output], node, i);
    frontier_.at(edge.node.get(), edge.output).add(std::move(g));
  }
}

}  // namespace tapehead::detail

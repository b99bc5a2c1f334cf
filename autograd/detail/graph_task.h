// One backward pass.
#pragma once

#include <unordered_set>
#include <vector>

#include "tapehead/autograd/detail/ready_queue.h"
#include "tapehead/autograd/node.h"

namespace tapehead::detail {

/// Visits the nodes that receive gradients in decreasing order of sequence numbers, using a heap:
/// no recursion and no sorting. Passes may nest: a hook or a backward may run another pass, also
/// through nodes with pending gradients of the outer pass. Several threads may run passes through
/// the same nodes.
class GraphTask {
 public:
  /// With `keep`, nodes keep their saved values.
  explicit GraphTask(bool keep) : keep_(keep) {}
  GraphTask(const GraphTask&) = delete;

  /// Requests the gradient of a tracked tensor in `*into`; if that is null, of a leaf, in which it
  /// accumulates. With captures, no gradients accumulate in other leaves, and only nodes that lead
  /// to a captured tensor are visited.
  void capture(const Tensor& t, Tensor* into);
  /// Stops at captured tensors, whose gradients are passed on to another pass: nodes below them are
  /// not visited, and their own hooks are not called.
  void stop_at_captures() { stops_ = true; }

  /// Starts from a tracked tensor and its gradient, 1 by default. `op` is the caller's name in
  /// messages. Throws GraphError and ShapeError.
  void start(const Tensor& root, Tensor gradient, const char* op);
  /// Runs the pass. Throws GraphError if passes are nested so deeply that the stack would overflow.
  void run();

  /// Called from the running backward of `node`: the buffer in which the gradient of an operand
  /// accumulates; null if backward must return the gradient.
  static InputBuffer* add_in_place(const Node& node, size_t operand);

  /// Makes reached() available: whether a gradient reached the leaf.
  void note_leaves() { notes_leaves_ = true; }
  bool reached(const Tensor& leaf) const;

 private:
  struct Capture {
    Node* node;
    uint32_t output;
    Tensor* into;
  };

  void find_wanted();
  bool wanted(const Node* node) const;
  uint64_t unwanted(const Node& node) const;
  void visit(Node& node, Grads& grads);
  Grads differentiate(Node& node, Grads& grads);
  void pass_on(Node& node, Grads& out);

  bool keep_;
  bool stops_ = false;
  SmallVector<Ref<Node>, 1> roots_;  // kept alive, in case a hook drops the loss
  SpareReadyQueue spare_;
  ReadyQueue& frontier_ = spare_.queue();
  bool notes_leaves_ = false;
  std::vector<const Node*> leaves_;  // leaves that received a gradient
  std::vector<Capture> captures_;
  std::unordered_set<const Node*> wanted_;  // nodes that lead to a captured tensor
};

}  // namespace tapehead::detail

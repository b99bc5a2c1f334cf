// One backward pass over the tape.
#pragma once

#include <unordered_set>
#include <vector>

#include "tapehead/autograd/detail/ready_queue.h"
#include "tapehead/autograd/node.h"

namespace tapehead::detail {

/// Visits the nodes that gradients reach, the latest first: a heap ordered by sequence numbers, so
/// there is no recursion and no sorting. Passes may nest: a hook or a backward may run another one,
/// also over nodes where a gradient of the outer pass is waiting. Passes of several threads may go
/// over the same nodes.
class GraphTask {
 public:
  /// With `keep`, nodes do not let go of what they saved.
  explicit GraphTask(bool keep) : keep_(keep) {}
  GraphTask(const GraphTask&) = delete;

  /// Wants the gradient of a tracked tensor in `*into`. With captures, nothing is accumulated in
  /// leaves, and only what leads to a captured tensor is visited.
  void capture(const Tensor& t, Tensor* into);
  /// Captured gradients are handed on to another pass, which goes on from there: what lies below
  /// is left alone, and so are the tensors' own hooks.
  void stop_at_captures() { stops_ = true; }

  /// Starts from a tracked tensor and its gradient, 1 by default. `op` names the caller in
  /// messages. Throws GraphError and ShapeError.
  void start(const Tensor& root, Tensor gradient, const char* op);
  /// Throws GraphError when so many passes run within one another that the stack would not do.
  void run();

  /// For the backward of a node that runs now: what has arrived at an operand, to be added to; null
  /// when it has to give the gradient.
  static InputBuffer* add_in_place(const Node& node, size_t operand);

  /// Whether a gradient reached the leaf.
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
  std::vector<Ref<Node>> roots_;  // alive even if a hook drops the loss
  ReadyQueue frontier_;
  std::vector<const Node*> leaves_;  // those that a gradient reached
  std::vector<Capture> captures_;
  std::unordered_set<const Node*> wanted_;  // what leads to a captured tensor
};

}  // namespace tapehead::detail

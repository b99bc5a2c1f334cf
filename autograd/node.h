// The tape's nodes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "tapehead/core/allocator.h"
#include "tapehead/core/small_mutex.h"
#include "tapehead/core/small_vector.h"
#include "tapehead/core/tensor.h"

namespace tapehead {

/// The gradients that an op's backward gives, one for each of its tensor operands in order. An
/// undefined tensor says that no gradient flows there.
using Grads = SmallVector<Tensor, 3>;

namespace detail {
class Node;
class GraphTask;

/// Where the gradient of an operand goes: the node that made it, and which of its results it was.
struct Edge {
  Ref<Node> node;
  uint32_t output = 0;
};

/// The shape and type that a gradient must have.
struct OutputInfo {
  Shape shape;
  DType dtype = DType::f32;
};

using Hook = std::function<Tensor(const Tensor&)>;

/// The hooks of a node's results, in the order in which they were registered.
class HookList {
 public:
  struct Entry {
    uint64_t id;  // from 1, rising
    uint32_t output;
    std::shared_ptr<const Hook> call;
  };
  uint64_t add(uint32_t output, Hook hook);
  void remove(uint64_t id);
  /// A copy of the first with an id above `id`: a hook may register and remove others, and itself.
  std::optional<Entry> after(uint64_t id) const;

 private:
  std::vector<Entry> entries_;
  uint64_t last_id_ = 0;
};

/// While a node's backward runs in this thread.
struct Visit {
  const Node* node;
  GraphTask* pass;  // whose gradients may be added to in place; null when it is recorded or watched
  uint64_t unwanted;  // operands, a bit each, whose gradients the pass can do without
  Visit* around;      // a backward may run others
};
inline thread_local Visit* current_visit = nullptr;

/// A recorded op, or a leaf. It owns what its backward needs. Nodes made later have higher sequence
/// numbers, so visiting them in falling order is a topological order. Passes of several threads may
/// meet at a node: what belongs to a pass is kept by that pass.
class Node : public TapeNode, public Pooled {
 public:
  Node() = default;
  Node(const Node&) = delete;
  ~Node() override;

  virtual const char* op_name() const = 0;
  /// From the gradients of the results to those of the operands.
  virtual Grads run_backward(Grads& grads) = 0;
  /// The gradient of a result that nothing used arrives as an undefined Tensor instead of zeros.
  virtual bool takes_undefined_grads() const { return false; }
  /// Lets go of saved values; the node cannot run again.
  virtual void release_saved() {}
  virtual bool is_leaf() const { return false; }

  /// Adds an operand: an edge to what made it when it is tracked, an empty one otherwise.
  void add_operand(const Tensor& t);
  /// Whether the i-th operand needs a gradient; a backward may skip those that do not.
  bool needs_grad(size_t i) const {
    if (i >= operands.size() || !operands[i].node) return false;
    const Visit* visit = current_visit;
    return !(visit && visit->node == this && i < 64 && visit->unwanted >> i & 1);
  }

  uint64_t sequence = 0;
  SmallMutex running;            // held while its backward runs; guards what it saved, and
  bool released = false;         // whether that is gone
  mutable SmallMutex gradients;  // guards those that are kept here: a leaf's, and `retained`
  SmallVector<Edge, 3> operands;
  SmallVector<OutputInfo, 1> outputs;

  std::shared_ptr<HookList> hooks;  // null before the first
  std::unique_ptr<std::vector<std::pair<uint32_t, Tensor>>>
      retained;                                     // retain_grad(): output, gradient
  std::unique_ptr<std::vector<void*>> called_from;  // in anomaly mode: the calls that led to the op

 private:
  void dispose() noexcept override;

  Node* next_doomed_ = nullptr;
};

/// The node of a tensor that the user asked gradients of.
class LeafNode final : public Node {
 public:
  explicit LeafNode(const Tensor& leaf);
  const char* op_name() const override { return "leaf"; }
  Grads run_backward(Grads& grads) override;
  bool is_leaf() const override { return true; }
  /// Whether a gradient may arrive: not while tracking is off. Throws GraphError when the tensor
  /// was converted to another type since.
  bool takes_grad() const;

  Tensor grad;
  bool paused = false;   // tracking is off
  std::string outdated;  // after a conversion: which
};

/// The leaf's node, also while its tracking is off; null when it never was tracked.
LeafNode* leaf_of(const Tensor& t);
/// Converts a leaf in place, for all who hold it, with its gradient; hooks stay. Graphs that were
/// recorded before cannot be run any more.
void convert_leaf(const Tensor& leaf, DType dtype);
/// Result `output` of `from` was changed in place to that of `to`: where it is asked for, grad() is
/// that of the new value from now on.
void move_retained_grad(Node& from, uint32_t output, Node& to, uint32_t new_output);

/// The tensor's node; null when it is not tracked.
inline Node* node_of(const Tensor& t) {
  return t.requires_grad() ? static_cast<Node*>(t.impl()->node.get()) : nullptr;
}

inline void Node::add_operand(const Tensor& t) {
  Edge& edge = operands.emplace_back();
  if (!t.defined() || !t.requires_grad()) return;
  edge.node = Ref<Node>::share(node_of(t));
  edge.output = t.impl()->node_output;
}

/// A tensor kept for backward, with the version that it had.
class SavedTensor {
 public:
  SavedTensor() = default;
  explicit SavedTensor(const Tensor& value)
      : SavedTensor(value, value.defined() ? value.version() : 0) {}
  /// As it was at an earlier version.
  SavedTensor(const Tensor& value, uint32_t version);
  /// Breaks the cycle when the value is a result of `node` itself.
  void mark_output(uint32_t output);
  bool holds(const Tensor& t) const { return value_.is_same(t); }
  /// The value. Throws GraphError when it was changed in place since, or was released.
  Tensor get(const Node& node) const;
  void release() { value_ = Tensor(); }
  /// Takes over the name that result `output` of the node was given.
  void name_output(uint32_t output, const std::string& name) {
    if (output_ == output && value_.defined()) value_.set_name(name);
  }

 private:
  [[noreturn]] void throw_changed(const Node& node) const;

  Tensor value_;
  const Storage* storage_ = nullptr;
  uint32_t version_ = 0;
  int64_t output_ = -1;
};

/// What ops take while checkpoint() computes without recording.
struct UseLog {
  /// A tensor, and the version that it had when it was first taken.
  struct Use {
    Tensor tensor;
    uint32_t version;
  };

  UseLog* around;
  uint64_t start = Storage::created();
  std::vector<Use> tracked = {};
  std::vector<Use> others = {};  ///< whose elements are older than the log
};
inline thread_local UseLog* use_log = nullptr;
/// Adds a tensor to the logs.
void note_use(const Tensor& t);

/// Makes `out` the result number `output` of the node.
void attach(const Tensor& out, const Ref<Node>& node, uint32_t output);

}  // namespace detail
}  // namespace tapehead

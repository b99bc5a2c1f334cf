// Nodes of the autograd graph.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include "tapehead/core/allocator.h"
#include "tapehead/core/small_mutex.h"
#include "tapehead/core/small_vector.h"
#include "tapehead/core/tensor.h"

namespace tapehead {

/// The gradients returned by an op's backward, one for each tensor operand, in order. An undefined
/// tensor means no gradient.
using Grads = SmallVector<Tensor, 3>;

namespace detail {
class Node;
class GraphTask;
class Recording;

/// The node that produced an operand, and the index of the operand among its results.
struct Edge {
  Ref<Node> node;
  uint32_t output = 0;
};

/// Shape and dtype of a result; its gradient must match.
struct OutputInfo {
  Shape shape;
  DType dtype = DType::f32;
};

using Hook = std::function<Tensor(const Tensor&)>;

/// The hooks on a node's results, in the order of registration.
class HookList {
 public:
  struct Entry {
    uint64_t id;  // increasing, from 1
    uint32_t output;
    std::shared_ptr<const Hook> call;
  };
  uint64_t add(uint32_t output, Hook hook);
  void remove(uint64_t id);
  /// Returns a copy of the first entry with an id above `id`. Iterating in this way allows hooks to
  /// register and remove hooks, including themselves.
  std::optional<Entry> after(uint64_t id) const;

 private:
  std::vector<Entry> entries_;
  uint64_t last_id_ = 0;
};

/// The context in which the backward of a node runs in this thread.
struct Visit {
  const Node* node;
  GraphTask* pass;    // null if gradients may not be accumulated in place: recording, anomaly mode
  uint64_t unwanted;  // bit mask of the operands whose gradients the pass does not need
  Visit* around;      // the enclosing visit, if passes are nested
};
inline thread_local Visit* current_visit = nullptr;

/// What the nodes of a recording of capture() share.
struct RecordingMark {
  void ref() noexcept { references.fetch_add(1, std::memory_order_relaxed); }
  void unref() noexcept {
    if (references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }
  std::atomic<uint32_t> references{1};
  /// Whether a backward pass visited a node outside of the captured step.
  std::atomic<bool> used_outside{false};
};

/// A node's place in a recording of capture(); see detail/recording.h.
struct Recorded {
  Ref<RecordingMark> mark;  // null if there is none
  uint32_t place = 0;       // 1 + the position; 0 if there is none
  uint32_t operands = 0;    // number of operands added in this use of the node
  bool is_reused = false;   // from the start of this use until it is complete
};

/// A recorded op or a leaf. A node owns the values saved for its backward. Nodes created later have
/// higher sequence numbers, so decreasing sequence numbers are a reverse topological order. Several
/// threads may run passes through a node; the state of a pass is kept in the pass.
class Node : public TapeNode, public Pooled {
 public:
  Node() = default;
  Node(const Node&) = delete;
  ~Node() override;

  virtual const char* op_name() const = 0;
  /// Computes the gradients of the operands from those of the results.
  virtual Grads run_backward(Grads& grads) = 0;
  /// Whether the gradient of an unused result is passed as an undefined Tensor instead of zeros.
  virtual bool takes_undefined_grads() const { return false; }
  /// Whether run_backward() takes f32 gradients of bf16 results, as conversions do.
  virtual bool takes_wider_grads() const { return false; }
  /// Whether the engine leaves gradients of bf16 results in f32.
  bool keeps_wider_grads() const { return takes_wider_grads() && !hooks && !retained; }
  /// Releases saved values, after which backward cannot run again.
  virtual void release_saved() {}
  virtual bool is_leaf() const { return false; }

  /// Makes a node that capture() reuses as good as new, except for operands and results, which are
  /// compared with those of its next use.
  virtual void prepare_reuse();

  /// Adds an operand: an edge to the node that produced it, or an empty edge if it does not track
  /// gradients.
  void add_operand(const Tensor& t);
  /// Adds an operand of an op. Results that are the operand itself become tensors of their own.
  void add_operand(const Tensor& t, std::span<Tensor> results);
  /// Whether the i-th operand needs a gradient; backward may skip those that do not.
  bool needs_grad(size_t i) const {
    if (i >= operands.size() || !operands[i].node) return false;
    const Visit* visit = current_visit;
    return !(visit && visit->node == this && i < 64 && visit->unwanted >> i & 1);
  }

  /// Drops the operands and results of a reused node that this use does not have.
  void match_recorded(size_t results);
  /// Describes result i, or compares it with the recorded one.
  void describe_output(size_t i, const OutputInfo& info);

  uint64_t sequence = 0;
  SmallMutex running;                 // held while backward runs; guards saved values
  std::atomic<bool> released{false};  // whether saved values were released
  mutable SmallMutex gradients;       // guards a leaf's gradient, and `retained`
  SmallVector<Edge, 3> operands;
  SmallVector<OutputInfo, 1> outputs;

  std::shared_ptr<HookList> hooks;  // null if there are none
  std::unique_ptr<std::vector<std::pair<uint32_t, Tensor>>>
      retained;                                     // retain_grad(): output, gradient
  std::unique_ptr<std::vector<void*>> called_from;  // anomaly mode: call stack of the op

  Recorded in_recording;

 private:
  void dispose() noexcept override;

  Node* next_doomed_ = nullptr;
};

/// The node of a leaf tensor.
class LeafNode final : public Node {
 public:
  explicit LeafNode(const Tensor& leaf);
  const char* op_name() const override { return "leaf"; }
  Grads run_backward(Grads& grads) override;
  bool is_leaf() const override { return true; }
  /// Whether gradients accumulate here; false while tracking is off. Throws GraphError if the
  /// tensor was converted to another dtype since.
  bool takes_grad() const;

  Tensor grad;
  bool paused = false;   // tracking is off
  std::string outdated;  // after a conversion, a description of it
};

/// The node of a leaf, also while its tracking is off; null if it was never tracked.
LeafNode* leaf_of(const Tensor& t);
/// Converts a leaf and its gradient in place, for all handles; hooks are kept. Graphs recorded
/// before can no longer run backward.
void convert_leaf(const Tensor& leaf, DType dtype);
/// Called when result `output` of `from` was changed in place and became result `new_output` of
/// `to`: a gradient requested with retain_grad() is then that of the new value.
void move_retained_grad(Node& from, uint32_t output, Node& to, uint32_t new_output);

/// The tensor's node; null if it does not track gradients.
inline Node* node_of(const Tensor& t) {
  return t.requires_grad() ? static_cast<Node*>(t.impl()->node.get()) : nullptr;
}

/// A tensor saved for backward, with its version at that time.
class SavedTensor {
 public:
  SavedTensor() = default;
  explicit SavedTensor(const Tensor& value)
      : SavedTensor(value, value.defined() ? value.version() : 0) {}
  /// Saves the value under an earlier version.
  SavedTensor(const Tensor& value, uint32_t version);
  /// Avoids a reference cycle if the value is a result of the node itself.
  void mark_output(uint32_t output);
  bool holds(const Tensor& t) const { return value_.is_same(t); }
  /// Returns the value. Throws GraphError if it was changed in place since, or was released.
  Tensor get(const Node& node) const;
  void release() { value_ = Tensor(); }
  /// Sets the name of the saved value if it is result `output` of the node.
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

/// Records the operands of ops while checkpoint() runs without recording; or, for vmap(), only
/// makes ops look out for mapped operands.
struct UseLog {
  /// A tensor and its version when first used.
  struct Use {
    Tensor tensor;
    uint32_t version;
  };

  UseLog* around;
  uint64_t start = Storage::created();
  std::vector<Use> tracked = {};
  std::vector<Use> others = {};  ///< untracked tensors that are older than the log
  bool is_off = false;           ///< of vmap()
};
inline thread_local UseLog* use_log = nullptr;
/// Adds a tensor to the logs in scope. Returns whether vmap() maps it.
bool note_use(const Tensor& t);

/// The recording of the captured step that runs in this thread; null if there is none.
inline thread_local Recording* recording = nullptr;
/// Memory for a node of this type, which is to be constructed without exceptions: new or, in a
/// captured step, that of the next op in the recording. record_node() follows then.
void* node_block(const std::type_info& type, size_t bytes);
/// Adds the node of the next op to the recording.
void record_node(Node& node);
/// The same for a node that is not in memory of node_block().
void record_new_node(Node& node);

/// Makes `out` result number `output` of the node.
void attach(const Tensor& out, const Ref<Node>& node, uint32_t output);

}  // namespace detail
}  // namespace tapehead

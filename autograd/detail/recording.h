// The recording of a captured step; see capture.h.
//
// While a captured step runs, apply() asks for the node of each op that it records. The recording
// has those of the last call in this order. If the next one is of the same op, and nothing outside
// of the recording refers to it, the op's members are constructed anew in its memory. Its edges and
// the descriptions of its results stay; they are compared with those of this call, and replaced
// where they differ. Nothing is assumed, so a step that takes another branch is as correct as
// without a capture.
//
// At the beginning of a call, a node is referred to by the recording, by edges of later nodes, and
// by what has outlived the last call. restart() counts references to find the latter. Such a node
// is left to its owner, with all nodes that it leads to unless its graph was released, and the call
// makes new ones.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <typeinfo>
#include <vector>

#include "tapehead/autograd/capture.h"
#include "tapehead/autograd/node.h"
#include "tapehead/core/detail/tensor_reuse.h"

namespace tapehead::detail {

class Recording {
 public:
  Recording() = default;
  ~Recording();
  Recording(const Recording&) = delete;

  /// Begins a call of the step in this thread. Returns false if the call is to run as part of a
  /// surrounding one. Throws GraphError if the step is running in another thread.
  bool enter();
  /// Ends a call: normally, or by an exception.
  void leave(bool threw) noexcept;
  /// Forgets everything recorded, except for the counts. Throws GraphError if the step is running.
  void reset();

  const CaptureStats& stats() const { return stats_; }
  const std::string& last_mismatch() const { return last_mismatch_; }

  /// The node of the next op if it can be used again; else null, and record() follows.
  Node* next(const std::type_info& type);
  /// Destroys a node that next() returned, except for what is used again; returns its memory, in
  /// which a node of the same type is to be constructed, and record() called.
  void* take_apart(Node& node);
  /// Records the node of the op that next() was called for.
  void record(Node& node);

  /// An operand or a result of a node that is used again is not the recorded one.
  void note_operand(const Node& node, const Edge& before, const Node* now, uint32_t output);
  void note_result(const Node& node, const OutputInfo& before, const OutputInfo& now);
  /// The number of operands or results has changed.
  void note_count(const Node& node, const char* of_what, size_t before, size_t now);

  const RecordingMark* mark() const { return mark_.get(); }

 private:
  struct Slot {
    const std::type_info* type;
    const char* name;
    Ref<Node> node;       // null if it was left to others
    uint32_t inside = 0;  // edges of the recording to it
    bool is_left = false;
  };
  // What a node that was taken apart keeps.
  struct Kept {
    uint32_t references = 0;  // 0: there is none
    SmallVector<Edge, 3> operands;
    SmallVector<OutputInfo, 1> outputs;
  };

  void restart();
  bool leave_nodes_to_others();
  Slot* slot_of(const Node* node);
  void forget_nodes() noexcept;
  template <class F>
  void note(F reason);

  std::vector<Slot> slots_;
  size_t next_ = 0;
  Kept kept_;
  Ref<RecordingMark> mark_;
  TensorReuse tensors_;
  std::thread::id thread_;
  std::atomic<bool> running_{false};
  bool is_new_ = true;    // nothing was recorded yet, or reset() was called
  bool differs_ = false;  // whether the running call differs from the recording
  int64_t tensors_before_ = 0;
  const char* replaced_ = nullptr;  // the recorded op, if next() found another one
  CaptureStats stats_;
  std::string last_mismatch_;
};

/// Called when a backward pass visits a node with a mark.
inline void note_visit(const Node& node) {
  const RecordingMark* const own = recording ? recording->mark() : nullptr;
  if (node.in_recording.mark.get() != own) node.in_recording.mark->used_outside.store(true);
}

}  // namespace tapehead::detail

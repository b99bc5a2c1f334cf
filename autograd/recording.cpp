#include "tapehead/autograd/detail/recording.h"

#include <fmt/format.h>

#include <utility>

#include "tapehead/core/detail/mapped.h"
#include "tapehead/core/error.h"

namespace tapehead::detail {
namespace {

std::string describe_info(const OutputInfo& info) {
  return info.shape.str() + " " + name(info.dtype);
}

}  // namespace

Recording::~Recording() = default;

bool Recording::enter() {
  if (recording || vmap_call) return false;
  if (running_.exchange(true, std::memory_order_acquire))
    throw GraphError(
        "capture: the step is running in another thread; capture it once for each thread");
  differs_ = is_new_;
  stats_.new_nodes = 0;
  tensors_before_ = tensors_.created();
  try {
    restart();
  } catch (...) {
    running_.store(false, std::memory_order_release);
    throw;
  }
  recording = this;
  tensor_reuse = &tensors_;
  return true;
}

void Recording::leave(bool threw) noexcept {
  recording = nullptr;
  tensor_reuse = nullptr;
  if (!threw) {
    if (next_ < slots_.size()) {
      note([&] {
        return fmt::format("the step ended after {} ops; recorded were {}", next_, slots_.size());
      });
      while (slots_.size() > next_) slots_.pop_back();
    }
    ++(differs_ ? stats_.recordings : stats_.replays);
    is_new_ = false;
  }
  stats_.new_tensors = tensors_.created() - tensors_before_;
  running_.store(false, std::memory_order_release);
}

void Recording::reset() {
  if (running_.exchange(true, std::memory_order_acquire))
    throw GraphError("capture: the step is running; call reset() after it");
  forget_nodes();
  tensors_.clear();
  is_new_ = true;
  running_.store(false, std::memory_order_release);
}

// Keeps the first reason of a call.
template <class F>
void Recording::note(F reason) {
  if (!differs_) last_mismatch_ = reason();
  differs_ = true;
}

void Recording::forget_nodes() noexcept {
  while (!slots_.empty()) slots_.pop_back();  // consumers first
  mark_ = nullptr;
}

void Recording::restart() {
  next_ = 0;
  tensors_.restart();
  const std::thread::id thread = std::this_thread::get_id();
  if (thread_ != thread && !is_new_) {
    note([] { return std::string("it was called in another thread"); });
    forget_nodes();
    tensors_.clear();
  }
  thread_ = thread;
  if (!mark_) mark_ = Ref<RecordingMark>::adopt(new RecordingMark);
  if (leave_nodes_to_others()) return;
  note([] {
    return std::string(
        "backward() ran through the graph after the step; call it inside of the step");
  });
  forget_nodes();
  mark_ = Ref<RecordingMark>::adopt(new RecordingMark);
}

Recording::Slot* Recording::slot_of(const Node* node) {
  if (!node || node->in_recording.mark != mark_ || node->in_recording.place > slots_.size())
    return nullptr;
  Slot& slot = slots_[node->in_recording.place - 1];
  return slot.node.get() == node ? &slot : nullptr;
}

// Prepares the nodes that nobody else refers to for their next use, and gives up the others.
// Returns false if a backward pass may be running through the recording, or if an edge leads to a
// later node.
bool Recording::leave_nodes_to_others() {
  if (mark_->used_outside.load()) return false;
  for (Slot& slot : slots_) slot.inside = 0, slot.is_left = false;
  for (size_t i = slots_.size(); i-- > 0;) {
    Slot& slot = slots_[i];
    if (!slot.node) continue;
    Node& node = *slot.node;
    slot.is_left |= node.references_.load(std::memory_order_acquire) > 1 + slot.inside;
    // Backward cannot run through a released graph again: the rest of it is ours.
    const bool is_needed = slot.is_left && !node.released.load(std::memory_order_acquire);
    if (mark_->used_outside.load()) return false;
    for (const Edge& edge : node.operands) {
      Slot* const operand = slot_of(edge.node.get());
      if (!operand) continue;
      if (operand >= &slot) return false;
      if (!slot.is_left) ++operand->inside;
      else if (is_needed) operand->is_left = true;
    }
    if (!slot.is_left) {
      node.prepare_reuse();
    } else {
      if (!is_needed) node.operands.clear();
      slot.node = nullptr;
    }
  }
  return true;
}

Node* Recording::next(const std::type_info& type) {
  const size_t at = next_++;
  replaced_ = nullptr;
  if (at == slots_.size()) {
    slots_.push_back({&type, nullptr, nullptr});
    return nullptr;
  }
  Slot& slot = slots_[at];
  if (*slot.type != type) {
    replaced_ = slot.name;
    while (slots_.size() > at) slots_.pop_back();
    slots_.push_back({&type, nullptr, nullptr});
    return nullptr;
  }
  return slot.node.get();
}

void* Recording::take_apart(Node& node) {
  kept_.references = node.references_.load(std::memory_order_relaxed);
  kept_.operands = std::move(node.operands);
  kept_.outputs = std::move(node.outputs);
  slots_[next_ - 1].node.leak();
  void* const block = dynamic_cast<void*>(&node);
  node.~Node();
  return block;
}

void Recording::record(Node& node) {
  Slot& slot = slots_[next_ - 1];
  node.in_recording.mark = mark_;
  node.in_recording.place = static_cast<uint32_t>(next_);
  if (kept_.references) {  // the caller's reference is one more
    node.references_.store(std::exchange(kept_.references, 0) + 1, std::memory_order_relaxed);
    node.operands = std::move(kept_.operands);
    node.outputs = std::move(kept_.outputs);
    node.in_recording.is_reused = true;
    slot.node = Ref<Node>::adopt(&node);
    return;
  }
  ++stats_.new_nodes;
  slot.node = Ref<Node>::share(&node);
  if (replaced_)
    note([&] {
      return fmt::format("op {} is {}; recorded was {}", next_, node.op_name(), replaced_);
    });
  else if (!slot.name)
    note([&] {
      return fmt::format("op {} is {}; recorded were {} ops", next_, node.op_name(), next_ - 1);
    });
  slot.name = node.op_name();
}

void Recording::note_operand(const Node& node, const Edge& before, const Node* now,
                             uint32_t output) {
  const Node* const old = before.node.get();
  // The node at the same position, which this call made because the old one was left to others.
  if (old && now && old->in_recording.place == now->in_recording.place &&
      now->in_recording.place != 0 && before.output == output)
    return;
  note([&] {
    return fmt::format("operand {} of {} (op {}) {}", &before - node.operands.data() + 1,
                       node.op_name(), node.in_recording.place,
                       !now   ? "does not track gradients; recorded was one that does"
                       : !old ? "tracks gradients; recorded was one that does not"
                              : "is another tensor than the recorded one");
  });
}

void Recording::note_result(const Node& node, const OutputInfo& before, const OutputInfo& now) {
  note([&] {
    return fmt::format("the result of {} (op {}) is {}; recorded was {}", node.op_name(),
                       node.in_recording.place, describe_info(now), describe_info(before));
  });
}

void Recording::note_count(const Node& node, const char* of_what, size_t before, size_t now) {
  note([&] {
    return fmt::format("{} (op {}) has {} {}; recorded were {}", node.op_name(),
                       node.in_recording.place, now, of_what, before);
  });
}

void* node_block(const std::type_info& type, size_t bytes) {
  Node* const node = recording ? recording->next(type) : nullptr;
  return node ? recording->take_apart(*node) : allocate(bytes);
}

void record_node(Node& node) { recording->record(node); }

void record_new_node(Node& node) {
  recording->next(typeid(node));
  recording->record(node);
}

RecordingOwner::RecordingOwner() : recording_(std::make_unique<Recording>()) {}
RecordingOwner::~RecordingOwner() = default;
RecordingOwner::RecordingOwner(RecordingOwner&& other) noexcept = default;
RecordingOwner& RecordingOwner::operator=(RecordingOwner&& other) noexcept = default;

const CaptureStats& RecordingOwner::stats() const { return recording_->stats(); }
const std::string& RecordingOwner::last_mismatch() const { return recording_->last_mismatch(); }
void RecordingOwner::reset() { recording_->reset(); }

RecordingOwner::Call::Call(const RecordingOwner& owner)
    : recording_(owner.recording_->enter() ? owner.recording_.get() : nullptr),
      exceptions_(std::uncaught_exceptions()) {}
RecordingOwner::Call::~Call() {
  if (recording_) recording_->leave(std::uncaught_exceptions() > exceptions_);
}

}  // namespace tapehead::detail

#include "tapehead/autograd/detail/ready_queue.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace tapehead::detail {

// The slot at which a search starts: Fibonacci hashing of the node's address.
size_t ReadyQueue::home(const Node* node) const {
  const uint64_t hash = reinterpret_cast<uintptr_t>(node) * 0x9e3779b97f4a7c15;
  return hash >> (64 - std::countr_zero(table_.size()));
}

// The slot of the node, or the free slot for inserting it.
size_t ReadyQueue::find(const Node* node) const {
  const size_t last = table_.size() - 1;
  size_t slot = home(node);
  while (table_[slot].node && table_[slot].node != node) slot = (slot + 1) & last;
  return slot;
}

// At least half of the slots stay free.
void ReadyQueue::grow() {
  const Table before = std::exchange(table_, Table(2 * table_.size()));
  for (const Slot& s : before)
    if (s.node) table_[find(s.node)] = s;
}

// Moves later entries up, so that searches never meet a gap.
void ReadyQueue::erase(size_t slot) {
  const size_t last = table_.size() - 1;
  for (size_t next = (slot + 1) & last; table_[next].node; next = (next + 1) & last) {
    const size_t wanted = home(table_[next].node);
    if (((next - wanted) & last) < ((next - slot) & last)) continue;
    table_[slot] = table_[next];
    slot = next;
  }
  table_[slot] = {};
}

InputBuffer& ReadyQueue::at(Node* node, uint32_t output) {
  size_t slot = find(node);
  if (!table_[slot].node) {
    if (2 * (heap_.size() + 1) > table_.size()) {
      grow();
      slot = find(node);
    }
    if (unused_.empty()) {
      waiting_.emplace_back();
      unused_.push_back(static_cast<uint32_t>(waiting_.size() - 1));
    }
    table_[slot] = {node, unused_.back()};
    unused_.pop_back();
    waiting_[table_[slot].index].resize(node->outputs.size());
    heap_.push_back({node->sequence, node});
    std::push_heap(heap_.begin(), heap_.end());
  }
  return waiting_[table_[slot].index][output];
}

Node* ReadyQueue::pop(Grads& grads) {
  std::pop_heap(heap_.begin(), heap_.end());
  Node* node = heap_.back().node;
  heap_.pop_back();
  const size_t slot = find(node);
  const uint32_t index = table_[slot].index;
  erase(slot);
  for (InputBuffer& arrivals : waiting_[index]) grads.push_back(arrivals.take());
  waiting_[index].clear();
  unused_.push_back(index);
  return node;
}

namespace {

constexpr size_t kMostKept = 1 << 12;  // nodes of a queue that is kept
thread_local std::unique_ptr<ReadyQueue> spare;

}  // namespace

SpareReadyQueue::SpareReadyQueue()
    : queue_(spare ? std::move(spare) : std::make_unique<ReadyQueue>()) {}

SpareReadyQueue::~SpareReadyQueue() {
  if (!spare && queue_->empty() && queue_->capacity() <= kMostKept) spare = std::move(queue_);
}

}  // namespace tapehead::detail

#include "tapehead/autograd/detail/frontier.h"

#include <algorithm>
#include <bit>

namespace tapehead::detail {

// Where a node's search begins: the upper bits of its address times 2^64 / golden ratio.
size_t Frontier::home(const Node* node) const {
  const uint64_t hash = reinterpret_cast<uintptr_t>(node) * 0x9e3779b97f4a7c15;
  return hash >> (64 - std::countr_zero(table_.size()));
}

// The slot that holds the node, or the free one where it belongs.
size_t Frontier::find(const Node* node) const {
  const size_t last = table_.size() - 1;
  size_t slot = home(node);
  while (table_[slot] && waiting_[table_[slot] - 1].node != node) slot = (slot + 1) & last;
  return slot;
}

// Half of the slots are free at least.
void Frontier::grow() {
  const Table before = std::exchange(table_, Table(2 * table_.size()));
  for (const uint32_t entry : before)
    if (entry) table_[find(waiting_[entry - 1].node)] = entry;
}

// What follows moves up, so that searches need not pass a gap.
void Frontier::erase(size_t slot) {
  const size_t last = table_.size() - 1;
  for (size_t next = (slot + 1) & last; table_[next]; next = (next + 1) & last) {
    const size_t wanted = home(waiting_[table_[next] - 1].node);
    if (((next - wanted) & last) < ((next - slot) & last)) continue;
    table_[slot] = table_[next];
    slot = next;
  }
  table_[slot] = 0;
}

Arrivals& Frontier::at(Node* node, uint32_t output) {
  size_t slot = find(node);
  if (!table_[slot]) {
    if (2 * (heap_.size() + 1) > table_.size()) {
      grow();
      slot = find(node);
    }
    if (unused_.empty()) {
      waiting_.emplace_back();
      unused_.push_back(static_cast<uint32_t>(waiting_.size() - 1));
    }
    const uint32_t index = unused_.back();
    unused_.pop_back();
    waiting_[index].node = node;
    waiting_[index].arrivals.resize(node->outputs.size());
    table_[slot] = index + 1;
    heap_.push_back({node->sequence, index});
    std::push_heap(heap_.begin(), heap_.end());
  }
  return waiting_[table_[slot] - 1].arrivals[output];
}

Node* Frontier::pop(Grads& grads) {
  std::pop_heap(heap_.begin(), heap_.end());
  const uint32_t index = heap_.back().index;
  heap_.pop_back();
  Waiting& latest = waiting_[index];
  for (Arrivals& arrivals : latest.arrivals) grads.push_back(arrivals.take());
  latest.arrivals.clear();
  erase(find(latest.node));
  unused_.push_back(index);
  return latest.node;
}

}  // namespace tapehead::detail

// The queue of nodes with pending gradients in a backward pass.
#pragma once

#include <memory>

#include "tapehead/autograd/input_buffer.h"
#include "tapehead/autograd/node.h"

namespace tapehead::detail {

/// Gradients received by the results of nodes, with a heap of the nodes by sequence number. Nodes
/// are looked up once per edge of the graph, in an open-addressing hash table.
class ReadyQueue {
 public:
  bool empty() const { return heap_.empty(); }
  /// The number of nodes that it has room for.
  size_t capacity() const { return table_.size() / 2; }
  /// The gradient buffer of a node's result, valid until the next call. Adds the node to the queue
  /// if needed.
  InputBuffer& at(Node* node, uint32_t output);
  /// Removes and returns the node with the highest sequence number. Appends its gradients to
  /// `grads`, one per result.
  Node* pop(Grads& grads);

 private:
  using Waiting = SmallVector<InputBuffer, 1>;  // by output
  struct Slot {
    const Node* node;  // null if the slot is free
    uint32_t index;    // in waiting_
  };
  struct Place {
    uint64_t sequence;
    Node* node;
    bool operator<(const Place& other) const { return sequence < other.sequence; }
  };
  static constexpr size_t kFew = 8;  // number of nodes that need no dynamic memory
  using Table = SmallVector<Slot, 2 * kFew>;

  size_t home(const Node* node) const;
  size_t find(const Node* node) const;
  void grow();
  void erase(size_t slot);

  SmallVector<Waiting, kFew> waiting_;
  SmallVector<uint32_t, kFew> unused_;  // positions in waiting_
  Table table_ = Table(2 * kFew);
  SmallVector<Place, kFew> heap_;
};

/// An empty queue, which the next pass of the thread uses again with its memory.
class SpareReadyQueue {
 public:
  SpareReadyQueue();
  ~SpareReadyQueue();
  SpareReadyQueue(const SpareReadyQueue&) = delete;
  ReadyQueue& queue() { return *queue_; }

 private:
  std::unique_ptr<ReadyQueue> queue_;
};

}  // namespace tapehead::detail

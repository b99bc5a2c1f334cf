// The nodes where the gradients of a backward pass wait.
#pragma once

#include "tapehead/autograd/input_buffer.h"
#include "tapehead/autograd/node.h"

namespace tapehead::detail {

/// What has arrived at the results of nodes, and a heap of the nodes by sequence numbers. Nodes are
/// found by a hash table with open addressing: every edge of the graph looks one up.
class ReadyQueue {
 public:
  bool empty() const { return heap_.empty(); }
  /// What has arrived at a node's result, until the next call. The node joins the frontier.
  InputBuffer& at(Node* node, uint32_t output);
  /// Takes the latest node out. Its gradients are added to `grads`, one for each result.
  Node* pop(Grads& grads);

 private:
  using Waiting = SmallVector<InputBuffer, 1>;  // by output
  struct Slot {
    const Node* node;  // null where there is none
    uint32_t index;    // in waiting_
  };
  struct Place {
    uint64_t sequence;
    Node* node;
    bool operator<(const Place& other) const { return sequence < other.sequence; }
  };
  static constexpr size_t kFew = 8;  // nodes for which no heap memory is needed
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

}  // namespace tapehead::detail

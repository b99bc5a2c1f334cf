#include "tapehead/autograd/node.h"

#include <fmt/format.h>

#include <atomic>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/error.h"

namespace tapehead::detail {
namespace {

std::atomic<uint64_t> sequence_counter{1};

// Nodes that wait to be deleted. A chain of a million ops is freed by a loop, not by recursion.
thread_local std::vector<Node*>* doomed = nullptr;

}  // namespace

Node::~Node() = default;

void Node::dispose() noexcept {
  if (doomed) return doomed->push_back(this);
  std::vector<Node*> waiting{this};
  doomed = &waiting;
  while (!waiting.empty()) {
    Node* node = waiting.back();
    waiting.pop_back();
    delete node;
  }
  doomed = nullptr;
}

LeafNode::LeafNode(const Tensor& leaf) { outputs.push_back({leaf.shape(), leaf.dtype()}); }

Grads LeafNode::run_backward(Grads& grads) {
  Tensor& arrived = grads[0];
  if (!grad.defined()) {
    // Taken over when nobody else holds it; otherwise an in-place change there would be seen here.
    const bool ours = arrived.impl()->references == 1 && !arrived.impl()->storage->is_shared() &&
                      arrived.is_contiguous();
    grad = ours || grad_enabled() ? std::move(arrived) : arrived.clone();
  } else if (grad_enabled()) {
    grad = grad + arrived;
  } else {
    grad.add_(arrived);
  }
  return {};
}

SavedTensor::SavedTensor(const Tensor& value)
    : value_(value), version_(value.defined() ? value.version() : 0) {}

void SavedTensor::mark_output(uint32_t output) {
  value_ = value_.detach();
  output_ = output;
}

Tensor SavedTensor::get(const Node& node) const {
  if (!value_.defined()) return {};
  if (value_.version() != version_) {
    const std::string what = value_.name().empty() ? (output_ < 0 ? "an operand" : "the result")
                                                   : "'" + value_.name() + "'";
    const char* writer = value_.impl()->storage->last_writer();
    throw GraphError(fmt::format(
        "backward: {} {}, saved by {}, was changed in place by {} afterwards; {}", what,
        value_.shape().str(), node.op_name(), writer,
        std::string_view(writer) == "add_" ? "write h = h + x"
                                           : "compute a new tensor instead of changing it"));
  }
  if (output_ < 0 || !grad_enabled()) return value_;
  Tensor out = value_.detach();
  attach(out, Ref<Node>::share(const_cast<Node*>(&node)), static_cast<uint32_t>(output_));
  return out;
}

void attach(const Tensor& out, const Ref<Node>& node, uint32_t output) {
  out.impl()->node = node;
  out.impl()->node_output = output;
}

void finish_record(const Ref<Node>& node, std::span<Tensor> results, std::span<SavedTensor> saved) {
  node->sequence = sequence_counter.fetch_add(1, std::memory_order_relaxed);
  node->outputs.reserve(results.size());
  for (size_t i = 0; i < results.size(); ++i) {
    Tensor& out = results[i];
    if (out.requires_grad()) out = out.detach();  // forward gave an operand back
    Storage& storage = *out.impl()->storage;
    if (storage.is_shared()) storage.set_recorded_views();
    for (SavedTensor& s : saved)
      if (s.holds(out)) s.mark_output(static_cast<uint32_t>(i));
    node->outputs.push_back({out.shape(), out.dtype()});
    if (is_floating(out.dtype())) attach(out, node, static_cast<uint32_t>(i));
  }
}

}  // namespace tapehead::detail

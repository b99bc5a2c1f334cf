#include "tapehead/autograd/node.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/error.h"

namespace tapehead::detail {
namespace {

std::atomic<uint64_t> sequence_counter{1};

// Nodes that wait to be deleted, a list. A chain of a million ops is freed by a loop, not by
// recursion.
thread_local Node* doomed = nullptr;
thread_local bool deleting = false;

// What to write instead of an op in place.
const char* instead_of(std::string_view op) {
  return op == "add_"   ? "write h = h + x"
         : op == "sub_" ? "write h = h - x"
         : op == "mul_" ? "write h = h * x"
         : op == "div_" ? "write h = h / x"
                        : "compute a new tensor instead of changing it";
}

}  // namespace

Node::~Node() = default;

void Node::dispose() noexcept {
  next_doomed_ = doomed;
  doomed = this;
  if (deleting) return;
  deleting = true;
  while (Node* node = doomed) {
    doomed = node->next_doomed_;
    delete node;
  }
  deleting = false;
}

LeafNode::LeafNode(const Tensor& leaf) { outputs.push_back({leaf.shape(), leaf.dtype()}); }

Grads LeafNode::run_backward(Grads& grads) {
  Tensor& arrived = grads[0];
  if (!grad.defined()) {
    // Taken over when nobody else holds it; otherwise an in-place change there would be seen here.
    const bool ours = arrived.impl()->references == 1 && !arrived.impl()->storage->is_shared() &&
                      arrived.is_contiguous();
    grad = ours ? std::move(arrived) : arrived.clone();
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
    throw GraphError(
        fmt::format("backward: {} {}, saved by {}, was changed in place by {} afterwards; {}", what,
                    value_.shape().str(), node.op_name(), writer, instead_of(writer)));
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
    if (!out.defined()) {
      node->outputs.emplace_back();
      continue;
    }
    if (out.requires_grad()) out = out.detach();  // forward gave a tracked tensor back
    Storage& storage = *out.impl()->storage;
    if (storage.is_shared()) storage.set_has_views();
    for (SavedTensor& s : saved)
      if (s.holds(out)) s.mark_output(static_cast<uint32_t>(i));
    node->outputs.push_back({out.shape(), out.dtype()});
    if (is_floating(out.dtype())) attach(out, node, static_cast<uint32_t>(i));
  }
}

void mark_views(std::span<const Tensor> results) {
  for (const Tensor& out : results)
    if (out.defined() && out.impl()->storage->is_shared()) out.impl()->storage->set_has_views();
}

void note_use(const Tensor& t) {
  if (!t.requires_grad()) return;
  for (UseLog* log = use_log; log; log = log->around) {
    const auto same = [&](const Tensor& seen) { return seen.is_same(t); };
    if (std::none_of(log->tensors.begin(), log->tensors.end(), same)) log->tensors.push_back(t);
  }
}

}  // namespace tapehead::detail

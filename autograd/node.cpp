#include "tapehead/autograd/node.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include "tapehead/autograd/detail/recording.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/mapped.h"
#include "tapehead/core/error.h"

namespace tapehead::detail {
namespace {

std::atomic<uint64_t> sequence_counter{1};

// List of nodes to delete. Deleting in a loop instead of recursively frees chains of a million ops
// without overflowing the stack.
thread_local Node* doomed = nullptr;
thread_local bool deleting = false;

// The out-of-place alternative to an in-place op.
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

void Node::prepare_reuse() {
  if (!released.load(std::memory_order_relaxed)) release_saved();
  hooks.reset();
  retained.reset();
  called_from.reset();
  released.store(false, std::memory_order_relaxed);
  in_recording.operands = 0;
  in_recording.is_reused = false;
}

void Node::add_operand(const Tensor& t) {
  Node* const from = t.defined() ? node_of(t) : nullptr;
  const uint32_t output = from ? t.impl()->node_output : 0;
  const uint32_t at = in_recording.operands++;
  if (at == operands.size()) {
    if (in_recording.is_reused && recording)
      recording->note_count(*this, "operands", at, in_recording.operands);
    operands.push_back({Ref<Node>::share(from), output});
    return;
  }
  Edge& edge = operands[at];
  if (edge.node.get() == from && edge.output == output) return;
  if (recording) recording->note_operand(*this, edge, from, output);
  edge = {Ref<Node>::share(from), output};
}

void Node::add_operand(const Tensor& t, std::span<Tensor> results) {
  for (Tensor& result : results)
    if (result.is_same(t)) result = t.detach();
  add_operand(t);
}

LeafNode::LeafNode(const Tensor& leaf) { outputs.push_back({leaf.shape(), leaf.dtype()}); }

Grads LeafNode::run_backward(Grads& grads) {
  const std::lock_guard lock(gradients);
  Tensor& arrived = grads[0];
  if (!grad.defined()) {
    // Take ownership if nothing else refers to it; otherwise copy, so that in-place changes
    // elsewhere do not affect the gradient.
    const bool ours = arrived.impl()->references == 1 && !arrived.impl()->storage->is_shared() &&
                      arrived.is_contiguous();
    grad = ours ? std::move(arrived) : arrived.clone();
  } else if (is_grad_enabled()) {
    grad = grad + arrived;
  } else {
    grad.add_(arrived);
  }
  return {};
}

bool LeafNode::takes_grad() const {
  if (!outdated.empty())
    throw GraphError(fmt::format(
        "backward: {} after this graph was recorded; compute the loss again", outdated));
  return !paused;
}

LeafNode* leaf_of(const Tensor& t) {
  const TensorImpl& impl = *t.impl();
  const auto node = static_cast<Node*>(impl.node ? impl.node.get() : impl.paused.get());
  return node && node->is_leaf() ? static_cast<LeafNode*>(node) : nullptr;
}

void convert_leaf(const Tensor& leaf, DType dtype) {
  if (leaf.dtype() == dtype) return;
  TensorImpl& impl = *leaf.impl();
  const std::string before = core::describe(leaf);
  const Tensor converted = core::cast(leaf, dtype);
  impl.dtype = dtype;
  impl.storage = converted.impl()->storage;
  impl.strides = converted.strides();
  impl.offset = 0;
  LeafNode* old = leaf_of(leaf);
  if (!old) return;
  const auto node = Ref<LeafNode>::adopt(new LeafNode(leaf));
  if (old->grad.defined()) node->grad = core::cast(old->grad, dtype);
  node->paused = old->paused;
  node->hooks = std::move(old->hooks);
  old->outdated = fmt::format("{} was converted to {}", before, name(dtype));
  (node->paused ? impl.paused : impl.node) = node;
}

uint64_t HookList::add(uint32_t output, Hook hook) {
  entries_.push_back({++last_id_, output, std::make_shared<const Hook>(std::move(hook))});
  return last_id_;
}

void HookList::remove(uint64_t id) {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.id == id; });
  if (found == entries_.end()) return;
  const Entry removed = std::move(*found);  // destroy the hook only after the list is consistent
  entries_.erase(found);
}

std::optional<HookList::Entry> HookList::after(uint64_t id) const {
  const auto found = std::upper_bound(entries_.begin(), entries_.end(), id,
                                      [](uint64_t a, const Entry& b) { return a < b.id; });
  if (found == entries_.end()) return std::nullopt;
  return *found;
}

void move_retained_grad(Node& from, uint32_t output, Node& to, uint32_t new_output) {
  if (!from.retained) return;
  const auto kept = std::find_if(from.retained->begin(), from.retained->end(),
                                 [&](const auto& entry) { return entry.first == output; });
  if (kept == from.retained->end()) return;
  if (!to.retained) to.retained = std::make_unique<std::vector<std::pair<uint32_t, Tensor>>>();
  to.retained->emplace_back(new_output, std::move(kept->second));
  from.retained->erase(kept);
}

SavedTensor::SavedTensor(const Tensor& value, uint32_t version)
    : value_(value),
      storage_(value.defined() ? value.impl()->storage.get() : nullptr),
      version_(version) {
  if (!value.defined() || !value.impl()->root) return;
  // Saving a root whose node leads to this one would create a reference cycle.
  value_ = value.detach();
  if (value.requires_grad())
    attach(value_, Ref<Node>::share(node_of(value)), value.impl()->node_output);
}

void SavedTensor::mark_output(uint32_t output) {
  value_ = value_.detach();
  output_ = output;
}

Tensor SavedTensor::get(const Node& node) const {
  if (!value_.defined()) return {};
  Storage& storage = *value_.impl()->storage;
  if (&storage != storage_ || storage.version() != version_) throw_changed(node);
  if (output_ < 0 || !is_grad_enabled()) return value_;
  Tensor out = value_.detach();
  attach(out, Ref<Node>::share(const_cast<Node*>(&node)), static_cast<uint32_t>(output_));
  return out;
}

void SavedTensor::throw_changed(const Node& node) const {
  const std::string what = fmt::format("backward: {} {}, saved by {}, was",
                                       !value_.name().empty() ? "'" + value_.name() + "'"
                                       : output_ < 0          ? "an operand"
                                                              : "the result",
                                       value_.shape().str(), node.op_name());
  Storage& storage = *value_.impl()->storage;
  if (&storage != storage_)
    throw GraphError(fmt::format("{} converted to {} afterwards; compute the loss again", what,
                                 name(value_.dtype())));
  const char* writer = storage.last_writer();
  throw GraphError(
      fmt::format("{} changed in place by {} afterwards; {}", what, writer, instead_of(writer)));
}

void attach(const Tensor& out, const Ref<Node>& node, uint32_t output) {
  out.impl()->node = node;
  out.impl()->node_output = output;
}

void finish_record(const Ref<Node>& node, std::span<Tensor> results, std::span<SavedTensor> saved,
                   const std::vector<Tensor>* constants) {
  const auto is_constant = [&](const Tensor& out) {
    return constants && std::any_of(constants->begin(), constants->end(),
                                    [&](const Tensor& c) { return c.is_same(out); });
  };
  node->sequence = sequence_counter.fetch_add(1, std::memory_order_relaxed);
  if (node->in_recording.is_reused) node->match_recorded(results.size());
  node->outputs.reserve(results.size());
  for (size_t i = 0; i < results.size(); ++i) {
    Tensor& out = results[i];
    if (!out.defined()) {
      node->describe_output(i, {});
      continue;
    }
    const bool tracks = is_floating(out.dtype()) && !is_constant(out);
    if (out.requires_grad()) out = out.detach();  // forward returned a tracked tensor
    for (SavedTensor& s : saved)
      if (s.holds(out)) s.mark_output(static_cast<uint32_t>(i));
    node->describe_output(i, {out.shape(), out.dtype()});
    if (tracks) attach(out, node, static_cast<uint32_t>(i));
  }
}

// Drops the recorded operands and results that this use does not have.
void Node::match_recorded(size_t results) {
  if (operands.size() > in_recording.operands) {
    if (recording) recording->note_count(*this, "operands", operands.size(), in_recording.operands);
    operands.resize(in_recording.operands);
  }
  if (outputs.size() != results) {
    if (recording) recording->note_count(*this, "results", outputs.size(), results);
    outputs.resize(std::min(outputs.size(), results));
  }
  in_recording.is_reused = false;
}

void Node::describe_output(size_t i, const OutputInfo& info) {
  if (i == outputs.size()) return outputs.push_back(info);
  OutputInfo& before = outputs[i];
  if (before.dtype == info.dtype && before.shape == info.shape) return;
  if (recording) recording->note_result(*this, before, info);
  before = info;
}

void finish_unrecorded(std::span<Tensor> results) {
  for (Tensor& out : results) {
    if (!out.defined()) continue;
    if (out.requires_grad()) out = out.detach();  // forward returned a tracked tensor
  }
}

bool note_use(const Tensor& t) {
  if (!t.defined()) return false;
  for (UseLog* log = use_log; log; log = log->around) {
    if (log->is_off) continue;
    const bool tracked = t.requires_grad();
    const Storage* storage = t.impl()->storage.get();
    if (!tracked && storage->number() > log->start) continue;
    const auto same = [&](const UseLog::Use& use) {
      return tracked ? use.tensor.is_same(t) : use.tensor.impl()->storage.get() == storage;
    };
    std::vector<UseLog::Use>& list = tracked ? log->tracked : log->others;
    if (std::none_of(list.begin(), list.end(), same)) list.push_back({t, t.version()});
  }
  return is_mapped(t);
}

}  // namespace tapehead::detail

#include "tapehead/autograd/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "tapehead/autograd/anomaly.h"
#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/graph_task.h"
#include "tapehead/autograd/detail/use_log.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/core/detail/mapped.h"
#include "tapehead/core/error.h"
#include "tapehead/core/random.h"

namespace tapehead::detail {
namespace {

// Its operands are the inputs, followed by the tensors that the function captured.
struct CheckpointNode final : Node {
  TensorFunction f;
  Generator generator;
  bool is_autocast = is_autocast_enabled();  // in the forward pass
  std::vector<SavedTensor> inputs, captured;
  std::vector<SavedTensor> others;  // untracked captures: saved only to detect changes

  const char* op_name() const override { return "checkpoint"; }
  bool takes_undefined_grads() const override { return true; }
  void release_saved() override {
    f = nullptr;
    inputs.clear();
    captured.clear();
    others.clear();
  }

  Grads run_backward(Grads& grads) override {
    std::vector<Tensor> x, leaves;  // arguments of f; tensors to differentiate
    for (const SavedTensor& s : inputs) x.push_back(s.get(*this));
    leaves = x;
    for (const SavedTensor& s : captured) leaves.push_back(s.get(*this));
    for (const SavedTensor& s : others) s.get(*this);
    std::vector<Tensor> results;
    const bool recorded = is_grad_enabled();
    {
      const RandomScope replay(generator);
      const AutoGradMode on(true);
      const AutocastMode autocast(bf16, is_autocast);
      const Blame blame(nullptr);
      results = f(x);
    }
    check(results);
    Grads out(leaves.size());
    GraphTask inner(recorded);
    inner.stop_at_captures();
    for (size_t i = 0; i < leaves.size(); ++i)
      if (needs_grad(i) && leaves[i].requires_grad()) inner.capture(leaves[i], &out[i]);
    for (size_t r = 0; r < results.size(); ++r)
      if (grads[r].defined() && results[r].requires_grad())
        inner.start(results[r], grads[r], "checkpoint");
    inner.run();
    return out;
  }

  void check(std::span<const Tensor> results) const {
    for (size_t r = 0; r < outputs.size(); ++r)
      if (r >= results.size() || results[r].shape() != outputs[r].shape)
        throw GraphError(fmt::format(
            "checkpoint: result {} was {} and is {} when computed again; the function must do the "
            "same both times",
            r, outputs[r].shape.str(),
            r < results.size() ? results[r].shape().str() : "not there"));
  }
};

}  // namespace

std::vector<Tensor> run_checkpointed(TensorFunction f, const std::vector<Tensor>& inputs) {
  if (!is_grad_enabled()) return f(inputs);
  check_not_vectorized();
  auto node = Ref<CheckpointNode>::adopt(new CheckpointNode);
  node->generator = default_generator();
  bool tracked = false;
  for (const Tensor& t : inputs) {  // before f can change an input in place
    tracked |= t.requires_grad();
    node->inputs.emplace_back(t);
    node->add_operand(t);
  }
  std::vector<Tensor> results;
  {
    const UseLogging logging;
    const NoGradGuard off;
    results = f(inputs);
    for (const auto& [t, version] : logging.tracked()) {
      const auto same = [&, &t = t](const Tensor& input) { return input.is_same(t); };
      if (std::any_of(inputs.begin(), inputs.end(), same)) continue;
      tracked = true;
      node->captured.emplace_back(t, version);
      node->add_operand(t);
    }
    // f itself may write these, such as running statistics; that is not an error.
    for (const UseLog::Use& use : logging.others()) node->others.emplace_back(use.tensor);
  }
  if (!tracked) return results;
  node->f = std::move(f);
  for (Tensor& result : results)  // an input or capture that f returns keeps its node
    if (result.impl()->references > 1) result = result.detach();
  if (recording) record_new_node(*node);
  finish_record(node, results, {});
  return results;
}

}  // namespace tapehead::detail

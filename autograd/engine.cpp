#include "tapehead/autograd/engine.h"

#include <fmt/format.h>

#include "tapehead/autograd/detail/graph_task.h"
#include "tapehead/autograd/detail/mapping.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/core/error.h"

namespace tapehead {

void Tensor::backward() const { backward(BackwardOptions{}); }

void Tensor::backward(const BackwardOptions& options) const {
  detail::check_not_vectorized();
  const AutoGradMode mode(options.create_graph);
  detail::GraphTask pass(options.retain_graph || options.create_graph);
  if (!options.must_reach.empty()) pass.note_leaves();
  for (size_t i = 0; i < options.inputs.size(); ++i) {
    const Tensor& input = options.inputs[i];
    if (!input.defined() || !input.is_leaf() || !input.requires_grad())
      throw GraphError(fmt::format(
          "backward: inputs[{}] ({}) is not a leaf that tracks gradients; pass leaves, or use "
          "grad(), which returns the gradients of any tensors",
          i, input.defined() ? core::describe(input) : "undefined"));
    pass.capture(input, nullptr);
  }
  pass.start(*this, options.gradient, "backward");
  pass.run();
  std::string missed;
  for (const Tensor& leaf : options.must_reach)
    if (!pass.reached(leaf)) missed += (missed.empty() ? "" : ", ") + core::describe(leaf);
  if (!missed.empty())
    throw GraphError(
        fmt::format("backward: no gradient reached {}; use it in the loss, freeze it, or leave it "
                    "out of must_reach",
                    missed));
}

std::vector<Tensor> grad(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
                         const GradOptions& options) {
  if (!options.gradients.empty() && options.gradients.size() != outputs.size())
    throw ValueError(
        fmt::format("grad: {} gradients for {} outputs; pass one for each output (undefined if it "
                    "has one element)",
                    options.gradients.size(), outputs.size()));
  if (inputs.empty())
    throw ValueError(
        "grad: there are no inputs; pass the tensors to differentiate with respect to");
  if (detail::vmap_call) [[unlikely]]
    if (auto found = detail::grad_mapped(outputs, inputs, options)) return std::move(*found);
  const AutoGradMode mode(options.create_graph);
  std::vector<Tensor> found(inputs.size());
  detail::GraphTask pass(options.retain_graph || options.create_graph);
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].requires_grad())
      throw GraphError(
          fmt::format("grad: input {} ({}) does not track gradients; call "
                      "set_requires_grad() before it is used",
                      i, core::describe(inputs[i])));
    pass.capture(inputs[i], &found[i]);
  }
  for (size_t i = 0; i < outputs.size(); ++i)
    pass.start(outputs[i], options.gradients.empty() ? Tensor() : options.gradients[i], "grad");
  pass.run();
  for (size_t i = 0; i < inputs.size(); ++i)
    if (!found[i].defined() && !options.allow_unused)
      throw GraphError(fmt::format(
          "grad: the outputs do not depend on input {} ({}); pass allow_unused to get an undefined "
          "tensor for it",
          i, core::describe(inputs[i])));
  return found;
}

}  // namespace tapehead

#include "tapehead/autograd/rederive.h"

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/engine.h"

namespace tapehead {
namespace {

// The same tensor under a node of its own, where the search for gradients ends.
struct Alias : CustomOp {
  static constexpr const char* kName = "alias";
  Tensor forward(const Tensor& x) { return x.detach(); }
  Tensor backward(const Tensor& dy) const { return dy; }
};

}  // namespace

Grads rederive(const std::function<std::vector<Tensor>(const std::vector<Tensor>&)>& f,
               const std::vector<Tensor>& inputs, std::span<const Tensor> grads) {
  const GradMode on(true);
  std::vector<Tensor> aliases, wanted;
  for (const Tensor& x : inputs) {
    aliases.push_back(x.defined() && x.requires_grad() ? apply<Alias>(x) : x);
    if (aliases.back().requires_grad()) wanted.push_back(aliases.back());
  }
  const std::vector<Tensor> results = f(aliases);
  std::vector<Tensor> outputs;
  GradOptions options{.create_graph = true, .allow_unused = true};
  for (size_t i = 0; i < results.size(); ++i) {
    if (!grads[i].defined() || !results[i].requires_grad()) continue;
    outputs.push_back(results[i]);
    options.gradients.push_back(grads[i]);
  }
  const std::vector<Tensor> found = grad(outputs, wanted, options);
  Grads out(inputs.size());
  size_t next = 0;
  for (size_t i = 0; i < inputs.size(); ++i)
    if (aliases[i].requires_grad()) out[i] = found[next++];
  return out;
}

}  // namespace tapehead

#include "tapehead/autograd/recompute_vjp.h"

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/graph_task.h"

namespace tapehead {
namespace {

// Gives a tensor its own node, at which the inner backward pass stops.
struct Alias : CustomOp {
  static constexpr const char* kName = "alias";
  Tensor forward(const Tensor& x) { return x.detach(); }
  Tensor backward(const Tensor& dy) const { return dy; }
};

}  // namespace

Grads recompute_vjp(const std::function<std::vector<Tensor>(const std::vector<Tensor>&)>& f,
                    const std::vector<Tensor>& inputs, std::span<const Tensor> grads,
                    const std::vector<Tensor>& captured) {
  const AutoGradMode on(true);
  std::vector<Tensor> x;
  x.reserve(inputs.size() + captured.size());
  for (const Tensor& t : inputs)
    x.push_back(t.defined() && t.requires_grad() ? apply<Alias>(t) : t);
  const std::vector<Tensor> results = f(x);
  x.insert(x.end(), captured.begin(), captured.end());
  Grads out(x.size());
  detail::GraphTask pass(true);
  pass.stop_at_captures();
  for (size_t i = 0; i < x.size(); ++i)
    if (x[i].defined() && x[i].requires_grad()) pass.capture(x[i], &out[i]);
  for (size_t i = 0; i < results.size(); ++i)
    if (grads[i].defined() && results[i].requires_grad())
      pass.start(results[i], grads[i], "recompute_vjp");
  pass.run();
  return out;
}

}  // namespace tapehead

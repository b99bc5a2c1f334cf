#include "tapehead/autograd/anomaly.h"

#include <fmt/format.h>

#include <cmath>

#include "tapehead/autograd/detail/call_site.h"
#include "tapehead/autograd/node.h"
#include "tapehead/core/error.h"

namespace tapehead::detail {
namespace {

// The position of the first NaN; empty if there is none.
std::string nan_position(const Tensor& t) {
  if (!t.defined() || !is_floating(t.dtype())) return "";
  const std::vector<double> values = t.to_vector<double>();
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isnan(values[i])) continue;
    Shape at = t.shape();
    auto rest = static_cast<int64_t>(i);
    for (int axis = t.dim() - 1; axis >= 0; --axis) {
      at[axis] = rest % t.shape()[axis];
      rest /= t.shape()[axis];
    }
    return at.str();
  }
  return "";
}

// Says which operand already contained a NaN, if one did.
std::string origin(std::span<const Tensor> operands) {
  for (size_t i = 0; i < operands.size(); ++i)
    if (const std::string at = nan_position(operands[i]); !at.empty())
      return fmt::format("operand {} ({}) has one at {} already", i, core::describe(operands[i]),
                         at);
  return "its operands have none";
}

}  // namespace

void watch_forward(Node& node, std::span<const Tensor> operands, std::span<const Tensor> results) {
  if (differentiated) {
    if (differentiated->called_from)
      node.called_from = std::make_unique<std::vector<void*>>(*differentiated->called_from);
    return;
  }
  node.called_from = std::make_unique<std::vector<void*>>(call_stack());
  for (const Tensor& result : results)
    if (const std::string at = nan_position(result); !at.empty())
      throw GraphError(fmt::format("{}: the result {} has a NaN at {}; {}; called {}",
                                   node.op_name(), result.shape().str(), at, origin(operands),
                                   call_site(*node.called_from)));
}

void watch_start(const char* op, const Tensor& gradient) {
  if (const std::string at = nan_position(gradient); !at.empty())
    throw GraphError(fmt::format("{}: the gradient {} passed in has a NaN at {}; pass one without",
                                 op, gradient.shape().str(), at));
}

void watch_backward(const Node& node, std::span<const Tensor> grads) {
  for (size_t i = 0; i < grads.size(); ++i)
    if (const std::string at = nan_position(grads[i]); !at.empty())
      throw GraphError(
          fmt::format("backward: {} gave operand {} a gradient {} with a NaN at {}; {}",
                      node.op_name(), i, grads[i].shape().str(), at,
                      node.called_from ? "the op was called " + call_site(*node.called_from)
                                       : "call the op in DetectAnomalyGuard too to see where"));
}

}  // namespace tapehead::detail

#include "tapehead/autograd/anomaly.h"

#include <fmt/format.h>

#include <cmath>

#include "tapehead/autograd/node.h"
#include "tapehead/core/error.h"

namespace tapehead::detail {
namespace {

bool has_nan(const Tensor& t) {
  if (!t.defined() || !is_floating(t.dtype())) return false;
  for (const double x : t.to_vector<double>())
    if (std::isnan(x)) return true;
  return false;
}

}  // namespace

void watch_forward(Node& node, std::span<const Tensor> results) {
  for (const Tensor& result : results)
    if (has_nan(result))
      throw GraphError(fmt::format("{}: the result {} has a NaN", node.op_name(), result.shape().str()));
}

void watch_backward(const Node& node, std::span<const Tensor> grads) {
  for (const Tensor& grad : grads)
    if (has_nan(grad))
      throw GraphError(fmt::format("backward: {} gave a gradient {} with a NaN", node.op_name(),
                                   grad.shape().str()));
}

}  // namespace tapehead::detail

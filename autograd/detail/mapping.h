// Functions inside vmap(), on tensors that may be mapped.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "tapehead/autograd/batching.h"
#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/node.h"
#include "tapehead/core/detail/mapped.h"

namespace tapehead::detail {

/// Calls f(operands, batch) as a RunOn, for functions that are no ops.
template <class F>
std::vector<Tensor> call_mapped(Batching batching, const std::vector<Tensor>& operands,
                                const F& f) {
  const RunOn run = [](const Argument* arguments, std::vector<Tensor>& now, const Batch* batch) {
    return (*static_cast<const F*>(arguments[0].value))(now, batch);
  };
  Argument arguments[] = {{&f, ArgumentKind::value}, {&operands, ArgumentKind::list}};
  return run_mapped(run, batching, arguments);
}

/// f(operands…), for an elementwise function of core that is not recorded.
template <class F, class... T>
Tensor elementwise(const F& f, const T&... operands) {
  if (!vmap_call || !(mapped_elements(operands) || ...)) [[likely]]
    return f(operands...);
  const auto run = [&](std::vector<Tensor>& now, const Batch*) {
    [&]<size_t... I>(std::index_sequence<I...>) { now = {elementwise(f, now[I]...)}; }
    (std::index_sequence_for<T...>());
    return true;
  };
  return call_mapped(Batching::broadcast, {operands...}, run)[0];
}

/// f(x, axis), for a function of core along an axis that is not recorded.
template <class F>
Tensor along_axis(const F& f, const Tensor& x, int axis) {
  if (!vmap_call || !mapped_elements(x)) [[likely]]
    return f(x, axis);
  const auto run = [&](std::vector<Tensor>& now, const Batch* batch) {
    if (batch && now[0].dim() == 1) return false;  // a 0-d element has no axis
    now = {along_axis(f, now[0], batch ? axis + 1 : axis)};
    return true;
  };
  return call_mapped(Batching::adjusted, {x}, run)[0];
}

/// x with a copy for each element of the vectorised calls in progress; x itself if there are none.
Tensor copy_for_each(const Tensor& x);
/// set_requires_grad() for a new tensor, mapped or not, that shares no handle with others.
Tensor tracked_leaf(const Tensor& x);
/// grad() inside a vectorised call: nullopt if nothing is mapped.
std::optional<std::vector<Tensor>> grad_mapped(const std::vector<Tensor>& outputs,
                                               const std::vector<Tensor>& inputs,
                                               const GradOptions& options);

}  // namespace tapehead::detail

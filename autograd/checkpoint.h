// Gradient checkpointing: trades computation for memory.
//
//   Tensor y = checkpoint([&](const Tensor& x) { return block(x); }, x);
#pragma once

#include <array>
#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead {

namespace detail {
using TensorFunction = std::function<std::vector<Tensor>(const std::vector<Tensor>&)>;
std::vector<Tensor> run_checkpointed(TensorFunction f, const std::vector<Tensor>& inputs);

inline std::vector<Tensor> result_list(Tensor t) { return {std::move(t)}; }
inline std::vector<Tensor> result_list(std::vector<Tensor> list) { return list; }
template <size_t N>
std::vector<Tensor> result_list(const std::array<Tensor, N>& list) {
  return {list.begin(), list.end()};
}
}  // namespace detail

/// Returns f(inputs...), a Tensor or a std::array or vector of Tensors, and saves only the inputs:
/// backward evaluates `f` again. `f` is stored in the graph, so references that it captures must
/// stay valid. Tracked tensors that it captures, such as the weights of a layer, receive gradients
/// too. Both evaluations must compute the same: the state of the default generator is restored, so
/// dropout repeats, and autocast is on
/// if it was, but nothing else that `f` depends on may change (a tensor changed in place
/// throws GraphError). Supports create_graph. backward() throws GraphError if a result has another
/// shape the second time.
///
/// T. Chen et al., Training Deep Nets with Sublinear Memory Cost, arXiv:1604.06174.
template <class F, std::same_as<Tensor>... T>
auto checkpoint(F f, const T&... inputs) {
  using Results = std::invoke_result_t<F&, const T&...>;
  const auto call = [f = std::move(f)](const std::vector<Tensor>& x) mutable {
    return [&]<size_t... I>(std::index_sequence<I...>) { return detail::result_list(f(x[I]...)); }
    (std::index_sequence_for<T...>());
  };
  std::vector<Tensor> results = detail::run_checkpointed(call, {inputs...});
  if constexpr (std::same_as<Results, Tensor>) {
    return std::move(results[0]);
  } else if constexpr (std::same_as<Results, std::vector<Tensor>>) {
    return results;
  } else {
    Results out;
    for (size_t i = 0; i < out.size(); ++i) out[i] = std::move(results[i]);
    return out;
  }
}

}  // namespace tapehead

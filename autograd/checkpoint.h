// Gradient checkpointing: less memory for more computing.
//
//   Tensor y = checkpoint([&](const Tensor& x) { return block(x); }, x);
#pragma once

#include <array>
#include <concepts>
#include <functional>
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

/// f(inputs...), a Tensor or a std::array or vector of them, of which nothing but the inputs is
/// kept for backward: that computes `f` again. `f` stays in the graph, so what it captures must
/// live as long; tracked tensors that it captures, such as the weights of a layer, get their
/// gradients too. It must compute the same both times: the default generator is put back to where
/// it was, so that dropout repeats, and what else it depends on must not change (backward notices a
/// tensor that was changed in place). create_graph works. Throws GraphError in backward when a
/// result has another shape the second time.
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

// Numerical checks of gradients, like torch.autograd.gradcheck.
//
//   gradcheck(softsign, {randn({3, 4}, f64)});
//   gradcheck([&](const Tensor& x) { return sum(layer(x)); }, {x});
//   gradgradcheck([](const Tensor& a, const Tensor& b) { return a * tanh(b); }, {a, b});
#pragma once

#include <array>
#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// A function to check: a function, lambda or layer that takes one to four tensors, or all inputs
/// as a vector, and returns a Tensor, or a vector or array of Tensors.
class CheckedFunction {
 public:
  using Tensors = std::vector<Tensor>;

  // Function pointers have constructors of their own, so that the name of an overloaded function
  // resolves to the right overload.
  CheckedFunction(Tensor (*f)(const Tensor&))
      : CheckedFunction(f, std::integral_constant<size_t, 1>()) {}
  CheckedFunction(Tensor (*f)(const Tensor&, const Tensor&))
      : CheckedFunction(f, std::integral_constant<size_t, 2>()) {}
  template <class F>
  requires std::is_invocable_v<F&, const Tensors&> CheckedFunction(F f)
      : call_([f](const Tensors& x) mutable { return list(f(x)); }) {}
  template <class F>
  requires(!std::is_invocable_v<F&, const Tensors&> && !std::is_same_v<F, CheckedFunction>)
      CheckedFunction(F f)
      : CheckedFunction(f, std::integral_constant<size_t, arity<F>()>()) {}

  /// Throws GradcheckError if the function takes another number of tensors.
  Tensors operator()(const Tensors& inputs) const;

 private:
  template <class F, size_t N>
  CheckedFunction(F f, std::integral_constant<size_t, N>)
      : takes_(N), call_([f](const Tensors& x) mutable {
          return [&]<size_t... I>(std::index_sequence<I...>) { return list(f(x[I]...)); }
          (std::make_index_sequence<N>());
        }) {}
  template <class F>
  static constexpr size_t arity() {
    using T = const Tensor&;
    if constexpr (std::is_invocable_v<F&, T>) return 1;
    else if constexpr (std::is_invocable_v<F&, T, T>) return 2;
    else if constexpr (std::is_invocable_v<F&, T, T, T>) return 3;
    else {
      static_assert(std::is_invocable_v<F&, T, T, T, T>,
                    "the function takes one to four tensors, or a vector");
      return 4;
    }
  }
  static Tensors list(Tensor t) { return {std::move(t)}; }
  static Tensors list(Tensors t) { return t; }
  template <size_t N>
  static Tensors list(const std::array<Tensor, N>& t) {
    return {t.begin(), t.end()};
  }

  size_t takes_ = 0;  // 0: a vector of any length
  std::function<Tensors(const Tensors&)> call_;
};

struct GradcheckOptions {
  double eps = 1e-6;   ///< step of the central differences
  double atol = 1e-5;  ///< |analytical - numerical| <= atol + rtol |numerical|
  double rtol = 1e-3;  ///< relative tolerance
  /// 0 checks every derivative; otherwise the number of random directions to check, for large
  /// inputs.
  int directions = 0;
};

/// Compares the gradients of `f` at `inputs` with central differences. All f64 inputs are checked;
/// integer and bool inputs are passed through. Leaves that track gradients are perturbed in place
/// and restored, so `f` may also capture them (such as the weights of a layer). Also checks that
/// the gradients are the same with create_graph, for which an op may use another formula.
///
/// Throws GradcheckError that names the worst derivative, its position and both values. Also throws
/// if an input has another floating type, if a result is not tracked or does not depend on an
/// input, if the function is not deterministic, or if the gradients differ with create_graph.
void gradcheck(const CheckedFunction& f, const std::vector<Tensor>& inputs,
               const GradcheckOptions& options = {});

/// Checks second derivatives: compares the gradients of grad(), recorded with create_graph, with
/// central differences, with respect to the inputs and to the gradients of the results. First
/// gradients are compared with and without create_graph, but not with differences.
void gradgradcheck(const CheckedFunction& f, const std::vector<Tensor>& inputs,
                   const GradcheckOptions& options = {});

}  // namespace tapehead

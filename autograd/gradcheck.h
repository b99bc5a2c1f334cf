// Numerical proof of gradients.
//
//   gradcheck(softsign, {randn({3, 4}, f64)});
//   gradcheck([&](const Tensor& x) { return sum(layer(x)); }, {x});
//   gradgradcheck([](const Tensor& a, const Tensor& b) { return a * tanh(b); }, {a, b});
#pragma once

#include <array>
#include <functional>
#include <type_traits>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// Whatever a check can call: a function, lambda or layer that takes one to four tensors, or all
/// inputs as a vector, and that gives a Tensor, or a vector or array of them.
class CheckedFunction {
 public:
  using Tensors = std::vector<Tensor>;

  // Two plain signatures are spelled out, so that the name of an overloaded function finds its
  // overload.
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

  /// Throws GradcheckError when the function takes another number of tensors.
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
  double eps = 1e-6;   ///< the step of the central difference
  double atol = 1e-5;  ///< |analytical - numerical| <= atol + rtol |numerical|
  double rtol = 1e-3;
  /// 0 compares every derivative; otherwise that many random directions are: for big inputs.
  int directions = 0;
};

/// Compares the gradients of `f` at `inputs` with central differences. Every f64 input is checked;
/// integer and bool inputs are handed on. An input that is a leaf and tracks gradients is varied in
/// place, so that a function may also capture it (a layer's weight); its elements are put back.
/// An op may have another formula for a gradient that is itself recorded (create_graph); both must
/// give the same.
///
/// Throws GradcheckError that names the worst derivative, with both values and where it stands, or
/// says that an input is of another floating type, that a result is not tracked or ignores an
/// input, that the function gives something else the second time, or that a gradient is another
/// one with create_graph.
void gradcheck(const CheckedFunction& f, const std::vector<Tensor>& inputs,
               const GradcheckOptions& options = {});

/// The same for the gradients of the gradients: of what grad() gives with create_graph, with
/// respect to the inputs and to the gradients that arrive at the results. The first gradients are
/// compared with and without create_graph too, but not with differences.
void gradgradcheck(const CheckedFunction& f, const std::vector<Tensor>& inputs,
                   const GradcheckOptions& options = {});

}  // namespace tapehead

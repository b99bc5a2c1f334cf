// Activation functions, by name.
#pragma once

#include <concepts>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

#include "tapehead/autograd/ops.h"

namespace tapehead::nn {

/// An activation of the library, which converts to Activation: a constant without a constructor to
/// run, so that it can be used while global variables are initialized.
/// Example: const nn::NamedActivation known = nn::relu; known(tensor({-1.0, 2.0}))  // [0., 2.]
class NamedActivation {
 public:
  constexpr NamedActivation(const char* name, Tensor (*function)(const Tensor&))
      : name_(name), function_(function) {}

  Tensor operator()(const Tensor& x) const { return function_(x); }
  /// The name, such as "gelu".
  constexpr const char* name() const { return name_; }

 private:
  const char* name_;
  Tensor (*function_)(const Tensor&);
};

/// An elementwise function and a name, by which a saved config refers to it. The constants below
/// are named; your own function or lambda converts to an activation, with or without a name:
///
///   nn::FeedForward a(at, {.embed_dim = 64, .activation = nn::gelu});
///   nn::FeedForward b(at, {.embed_dim = 64, .activation = [](const Tensor& x) { return x * x; }});
///   nn::FeedForward c(at, {.embed_dim = 64, .activation = {"snake", snake}});
/// Example: nn::Activation("square", square)(tensor({1.0, 2.0}))  // [1., 4.]
class Activation {
 public:
  using Function = std::function<Tensor(const Tensor&)>;

  /// Empty: in options, stands for the default activation of the layer or model.
  Activation() = default;
  Activation(const NamedActivation& known);
  template <class F>
  requires(!std::same_as<std::remove_cvref_t<F>, Activation> &&
           std::is_invocable_r_v<Tensor, F&, const Tensor&>) Activation(F function)
      : function_(std::move(function)) {}
  Activation(std::string name, Function function)
      : name_(std::move(name)), function_(std::move(function)) {}

  Tensor operator()(const Tensor& x) const { return function_(x); }
  explicit operator bool() const { return static_cast<bool>(function_); }
  /// The name, such as "gelu"; empty if none was given.
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  Function function_;
};

/// max(x, 0)
inline constexpr NamedActivation relu("relu", tapehead::relu);
/// x Phi(x); see gelu().
inline constexpr NamedActivation gelu("gelu", tapehead::gelu);
/// The tanh approximation of GELU, as in GPT-2.
inline constexpr NamedActivation gelu_tanh("gelu_tanh", tapehead::gelu_tanh);
/// x sigmoid(x)
inline constexpr NamedActivation silu("silu", tapehead::silu);
/// The hyperbolic tangent.
inline constexpr NamedActivation tanh("tanh", tapehead::tanh);
/// 1 / (1 + exp(-x))
inline constexpr NamedActivation sigmoid("sigmoid", tapehead::sigmoid);
/// x sigmoid(1.702 x), as in CLIP.
inline constexpr NamedActivation quick_gelu("quick_gelu", [](const Tensor& x) {
  return x * tapehead::sigmoid(1.702 * x);
});
/// relu(x)²: So et al. 2021, "Primer".
inline constexpr NamedActivation relu_squared("relu_squared", [](const Tensor& x) {
  return square(tapehead::relu(x));
});

}  // namespace tapehead::nn
